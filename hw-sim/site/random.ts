/** Random numbers by seed and name: the same in every run, whatever else draws. */

/** Uniform in [0, 1). mulberry32 (Tommy Ettinger, public domain), seeded by FNV-1a of the name. */
export function seeded(seed: number, name: string): () => number {
  let state = seed >>> 0;
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Waiting time with this mean for events that know nothing of each other, never shorter than a fifth nor longer than three times. */
export function waitMs(random: () => number, meanMs: number): number {
  return meanMs * Math.min(3, Math.max(0.2, -Math.log(1 - random())));
}
