import { SEVERITIES } from './alert.kinds.js';

const HOW_BAD = `ARRAY[${SEVERITIES.map((severity) => `'${severity}'`).join(', ')}]`;

/** Whether one severity is worse than another; both are SQL expressions. */
export function isWorse(one: string, other: string): string {
  return `array_position(${HOW_BAD}, ${one}) < array_position(${HOW_BAD}, ${other})`;
}
