/**
 * Why an HTTP exchange ended without a whole answer. The first five surely happened before a byte of the request
 * was written; the next four after it; `aborted` can be either, so `written` is kept beside the kind.
 */
export type NetworkFailureKind =
  | 'dns'
  | 'connect_refused'
  | 'connect_timeout'
  | 'tls'
  | 'unreachable'
  | 'timeout_after_write'
  | 'reset_after_write'
  | 'body_timeout'
  | 'too_large'
  | 'aborted';

export interface NetworkFailure {
  readonly kind: NetworkFailureKind;
  /** False only where it is certain that nothing was written; in doubt it is true. */
  readonly written: boolean;
}

/** An answer as it came off the wire; after a failure, as far as it was read. */
export interface Answer {
  readonly status: number;
  /** By their names in lower case; a list where a name came more than once. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/**
 * An HTTP exchange that ended without a whole answer. The raw error of the HTTP library is not its cause: that one
 * holds bytes of the answer, which may carry phone numbers.
 */
export class NetworkError extends Error implements NetworkFailure {
  override readonly name = 'NetworkError';
  readonly #partial: Answer | null;

  /** @param code what the system or the library calls it (`ECONNREFUSED`); null when the service ended it itself. */
  constructor(
    readonly kind: NetworkFailureKind,
    readonly written: boolean,
    readonly code: string | null = null,
    partial: Answer | null = null,
  ) {
    super(`${kind}${code === null ? '' : ` (${code})`}, ${written ? 'after' : 'before'} the request was written`);
    this.#partial = partial;
  }

  /** What was read before it failed; null when not even the status line came. */
  get partial(): Answer | null {
    return this.#partial;
  }
}

const BEFORE_WRITE: Readonly<Record<string, NetworkFailureKind>> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  EAI_NODATA: 'dns',
  ECONNREFUSED: 'connect_refused',
  ETIMEDOUT: 'connect_timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connect_timeout',
  EPROTO: 'tls',
  UND_ERR_ABORTED: 'aborted',
  UND_ERR_CLOSED: 'aborted',
  UND_ERR_DESTROYED: 'aborted',
};

const TLS_CODE = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA)/;

/** Names a failure that came before the request was written to a socket. */
export function kindBeforeWrite(code: string | null): NetworkFailureKind {
  if (code === null) return 'unreachable';
  return BEFORE_WRITE[code] ?? (TLS_CODE.test(code) ? 'tls' : 'unreachable');
}

/** Names a failure that came once the request was, or may have been, written to a socket. */
export function kindAfterWrite(code: string | null): NetworkFailureKind {
  return code === 'UND_ERR_ABORTED' || code === 'UND_ERR_DESTROYED' ? 'aborted' : 'reset_after_write';
}

/** The `code` of a system or library error. */
export function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}
