import { closestName } from '../validation/closest-name.js';
import { ENVIRONMENT_SCHEMA } from './environment.schema.js';

const KNOWN: readonly string[] = Object.keys(ENVIRONMENT_SCHEMA.shape);
const MOST_EDITS = 3;
/** One edit is allowed per this many characters: PGPORT is not a misspelt PORT, nor HOME a HOST. */
const CHARACTERS_PER_EDIT = 5;

/**
 * Warnings about variables that look like one of ours or begin like Twilio's: they have no effect, although somebody
 * expects one. Names only.
 */
export function unknownVariables(names: readonly string[]): string[] {
  return names.flatMap((name) => {
    if (KNOWN.includes(name)) return [];
    const meant = closestName(name, KNOWN, farthest(name));
    if (meant === null && !name.startsWith('TWILIO_')) return [];
    return [`${name} is not a variable of Postrider${meant === null ? '' : `; did you mean ${meant}?`}`];
  });
}

function farthest({ length }: string): number {
  return Math.max(1, Math.min(MOST_EDITS, Math.floor(length / CHARACTERS_PER_EDIT)));
}
