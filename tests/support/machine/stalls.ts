/** The longest time for which this process was kept from its work: what a test of punctuality has to forgive. */

const EVERY_MS = 10;

export interface Stalls extends Disposable {
  /** Since it was opened, up to now. */
  readonly longestMs: number;
}

export function watchStalls(): Stalls {
  let last = performance.now();
  let longest = 0;
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last - EVERY_MS);
    last = now;
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    get longestMs() {
      look();
      return longest;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
