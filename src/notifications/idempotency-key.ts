import { Problem } from '../problems/problem.js';

const CHARACTER = '[A-Za-z0-9_:.-]';
const LONGEST_KEY = 255;

export const KEY_SYNTAX = {
  pattern: new RegExp(`^${CHARACTER}{1,${LONGEST_KEY}}$`),
  expected: '1 to 255 of A-Z a-z 0-9 _ : . -',
} as const;

/** For the key of a batch: an item's key is the batch's key, a colon and an index below 1000. */
const LONGEST_BATCH_KEY = LONGEST_KEY - ':999'.length;

/** Schemas of the Idempotency-Key header for the OpenAPI document: the key, quoted or not. */
export const KEY_HEADER = { type: 'string', pattern: headerPattern(LONGEST_KEY) } as const;
export const BATCH_KEY_HEADER = { type: 'string', pattern: headerPattern(LONGEST_BATCH_KEY) } as const;

function headerPattern(longest: number): string {
  const key = `${CHARACTER}{1,${longest}}`;
  return `^(${key}|"${key}")$`;
}

/**
 * Reads an Idempotency-Key header, quoted (as a structured field) or not.
 * @returns null when there is none and none is required.
 * @throws Problem `idempotency-key-required` or `idempotency-key-malformed`
 */
export function readIdempotencyKey(header: string | undefined, required: boolean): string | null {
  if (header === undefined) {
    if (required) {
      throw new Problem('idempotency-key-required', {
        detail: 'Send an Idempotency-Key header with a key of your own for each notification.',
      });
    }
    return null;
  }
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
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
export function readBatchKey(header: string | undefined): string | null {
  const key = readIdempotencyKey(header, false);
  if (key !== null && key.length > LONGEST_BATCH_KEY) {
    throw new Problem('idempotency-key-malformed', {
      detail: `The Idempotency-Key of a batch is at most ${LONGEST_BATCH_KEY} characters: each notification gets it with a colon and its index.`,
      errors: [{ pointer: '/Idempotency-Key', detail: `must be at most ${LONGEST_BATCH_KEY} characters for a batch` }],
    });
  }
  return key;
}
