/** A kind of refusal or failure that a caller can tell apart by its `type`. */
export interface ProblemType {
  readonly status: number;
  /** The same on every occurrence; what happened this time is in `detail`. */
  readonly title: string;
}

/**
 * Every problem this service answers with, by slug; RFC 9457. Its `type` is `urn:postrider:problem:<slug>`, which
 * callers may rely on: a slug is never renamed. The first slug of a status is the general one of that status.
 */
export const PROBLEM_TYPES = {
  'malformed-request': { status: 400, title: 'The request cannot be understood' },
  'malformed-json': { status: 400, title: 'The body is not JSON' },
  'validation-failed': { status: 400, title: 'The request does not have the expected shape' },
  'idempotency-key-required': { status: 400, title: 'An Idempotency-Key header is required' },
  'idempotency-key-malformed': { status: 400, title: 'The Idempotency-Key header is malformed' },
  unauthenticated: { status: 401, title: 'A valid API key is required' },
  forbidden: { status: 403, title: 'This is not allowed' },
  'missing-scope': { status: 403, title: 'The API key lacks the scope of this operation' },
  'bad-signature': { status: 403, title: 'The signature does not match the request' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  conflict: { status: 409, title: 'The current state does not allow this' },
  'already-sent': { status: 409, title: 'The notification is already sent' },
  'already-resolved': { status: 409, title: 'The dead letter is already resolved' },
  'payload-too-large': { status: 413, title: 'The body is too large' },
  'uri-too-long': { status: 414, title: 'The address is too long' },
  'unsupported-media-type': { status: 415, title: 'The body is of another media type than expected' },
  unprocessable: { status: 422, title: 'The request is well-formed, but cannot be carried out' },
  'idempotency-conflict': { status: 422, title: 'The Idempotency-Key was used for another request' },
  'country-not-allowed': { status: 422, title: 'Recipients in this country are not allowed' },
  'channel-not-configured': { status: 422, title: 'The channel has no sender configured' },
  'headers-too-large': { status: 431, title: 'The header section is too large' },
  internal: { status: 500, title: 'Something unexpected happened' },
  overloaded: { status: 503, title: 'More arrives than can be handled right now' },
  unavailable: { status: 503, title: 'The service cannot reach its database right now' },
} as const satisfies Record<string, ProblemType>;

export type ProblemSlug = keyof typeof PROBLEM_TYPES;

export const PROBLEM_SLUGS: readonly ProblemSlug[] = Object.keys(PROBLEM_TYPES).filter(isProblemSlug);

export function problemTypeUri(slug: ProblemSlug): string {
  return `urn:postrider:problem:${slug}`;
}

/** The general problem of a status; null where the table has none. */
export function problemOfStatus(status: number): ProblemSlug | null {
  return PROBLEM_SLUGS.find((slug) => PROBLEM_TYPES[slug].status === status) ?? null;
}

function isProblemSlug(name: string): name is ProblemSlug {
  return Object.hasOwn(PROBLEM_TYPES, name);
}
