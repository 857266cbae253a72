/** Work goes in; it is done one after another, in the order it came, and its outcome comes out. */

/** One connection is one transaction at a time: whoever uses it takes a turn. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
