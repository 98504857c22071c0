import { Problem } from '../problems/problem.js';

const KEY = /^[A-Za-z0-9_:.-]{1,255}$/;

/**
 * Reads an Idempotency-Key header, quoted (as a structured field) or not.
 * @returns null when there is none and none is required.
 */
export function readIdempotencyKey(header: string | string[] | undefined, required: boolean): string | null {
  const given = Array.isArray(header) ? header.join(',') : header;
  if (given === undefined || given === '') {
    if (required) {
      throw new Problem('idempotency-key-required', {
        detail: 'Send an Idempotency-Key header with a key of your own for each notification.',
      });
    }
    return null;
  }
  const key = /^"(.*)"$/.exec(given)?.[1] ?? given;
  if (!KEY.test(key)) {
    throw new Problem('idempotency-key-malformed', {
      detail: 'An Idempotency-Key is 1 to 255 of A-Z a-z 0-9 _ : . -, in double quotes or not.',
      errors: [{ pointer: '/Idempotency-Key', detail: 'must be 1 to 255 of A-Z a-z 0-9 _ : . -' }],
    });
  }
  return key;
}
