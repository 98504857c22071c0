/** More arrived than the database can take; the caller should answer 503 and say when to try again. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';

  constructor(
    readonly what: string,
    readonly retryAfterSeconds = 1,
  ) {
    super(`${what} is receiving more than it can handle right now; try again in ${retryAfterSeconds} s`);
  }
}
