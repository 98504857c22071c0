/** Numbers from 0 to 1, the same for the same seed on every machine (mulberry32). */
export type Random = () => number;

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Normally distributed, mean 0 and deviation 1 (Box and Muller). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const INVERTED_UP_TO = 12;

/**
 * How many of independent arrivals fall into a step, given their mean and e^-mean, which callers keep: they ask often
 * (by inversion; from a mean of 12 on, the normal distribution is as good).
 */
export function poisson(random: Random, mean: number, expMinusMean: number): number {
  if (mean > INVERTED_UP_TO) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  let probability = expMinusMean;
  let count = 0;
  for (let drawn = random() - probability; drawn > 0 && probability > 0; drawn -= probability) {
    count += 1;
    probability *= mean / count;
  }
  return count;
}
