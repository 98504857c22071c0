import { Problem } from '../problems/problem.js';

const LONGEST_KEY = 255;
/** Of the key of a batch: its items' keys are this one, a colon and an index below 1000. */
const LONGEST_BATCH_KEY = LONGEST_KEY - ':999'.length;

const charactersUpTo = (longest: number) => `[A-Za-z0-9_:.-]{1,${longest}}`;

export const KEY_SYNTAX = {
  pattern: new RegExp(`^${charactersUpTo(LONGEST_KEY)}$`),
  /** Of the header, of one notification and of a batch: quoted or not. */
  headerPattern: new RegExp(`^"?${charactersUpTo(LONGEST_KEY)}"?$`),
  batchHeaderPattern: new RegExp(`^"?${charactersUpTo(LONGEST_BATCH_KEY)}"?$`),
  expected: `1 to ${LONGEST_KEY} of A-Z a-z 0-9 _ : . -`,
} as const;

/**
 * Reads an Idempotency-Key header, quoted (as a structured field) or not.
 * @returns null when there is none and none is required.
 * @throws Problem `idempotency-key-required` or `idempotency-key-malformed`
 */
export function readIdempotencyKey(header: string | string[] | undefined, required: boolean): string | null {
  const given = Array.isArray(header) ? header.join(',') : header;
  if (given === undefined) {
    if (required) {
      throw new Problem('idempotency-key-required', {
        detail: 'Send an Idempotency-Key header with a key of your own for each notification.',
      });
    }
    return null;
  }
  const key = /^"(.*)"$/.exec(given)?.[1] ?? given;
  if (!KEY_SYNTAX.pattern.test(key)) {
    throw new Problem('idempotency-key-malformed', {
      detail: `An Idempotency-Key is ${KEY_SYNTAX.expected}, in double quotes or not.`,
      errors: [{ pointer: '/Idempotency-Key', detail: `must be ${KEY_SYNTAX.expected}` }],
    });
  }
  return key;
}

/**
 * Reads the Idempotency-Key header of a batch.
 * @returns null when there is none
 * @throws Problem `idempotency-key-malformed`
 */
export function readBatchKey(header: string | string[] | undefined): string | null {
  const key = readIdempotencyKey(header, false);
  if (key !== null && key.length > LONGEST_BATCH_KEY) {
    throw new Problem('idempotency-key-malformed', {
      detail: `The Idempotency-Key of a batch is at most ${LONGEST_BATCH_KEY} characters: each notification gets it with a colon and its index.`,
      errors: [{ pointer: '/Idempotency-Key', detail: `must be at most ${LONGEST_BATCH_KEY} characters for a batch` }],
    });
  }
  return key;
}
