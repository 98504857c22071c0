import { expect, it } from 'vitest';
import { Sparing } from '../src/logging/sparing.js';

it('lets one through per interval, with the number of those left out before it', () => {
  let now = 5;
  const said: [at: number, leftOut: number][] = [];
  const sparing = new Sparing(1000, () => now);
  const pass = (at: number) => {
    now = at;
    sparing.pass((leftOut) => said.push([at, leftOut]));
  };
  for (const at of [5, 5, 700, 1004, 1005, 1006, 5000, 5999]) pass(at);
  expect(said).toEqual([
    [5, 0],
    [1005, 3],
    [5000, 1],
  ]);
});
