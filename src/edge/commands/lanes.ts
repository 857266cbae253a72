/** Work and the name of what it works on go in; it runs when everything before it on the same name has ended, beside all else. */
export class Lanes {
  readonly #last = new Map<string, Promise<void>>();

  alone<T>(name: string, work: () => Promise<T>): Promise<T> {
    const done = (this.#last.get(name) ?? Promise.resolve()).then(work);
    const over = done.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(name, over);
    void over.then(() => {
      if (this.#last.get(name) === over) this.#last.delete(name);
    });
    return done;
  }
}
