/**
 * Why an HTTP exchange ended without a complete answer. The first five certainly happened before a byte of the request
 * was written, the next four after it; `aborted` can be either, so `written` is kept beside the kind.
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
  /** False only if it is certain that nothing was written; true in case of doubt. */
  readonly written: boolean;
}

/** An answer as received; after a failure, the part that was read. */
export interface Answer {
  readonly status: number;
  /** By lower-case name; a list if a name occurred more than once. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/**
 * An HTTP exchange that ended without a complete answer. The HTTP library's raw error is not kept as its cause, because
 * it holds bytes of the answer, which may contain phone numbers.
 */
export class NetworkError extends Error implements NetworkFailure {
  override readonly name = 'NetworkError';
  readonly #partial: Answer | null;

  /**
   * @param code the system's or library's error code (`ECONNREFUSED`); null if the service itself ended the exchange
   */
  constructor(
    readonly kind: NetworkFailureKind,
    readonly written: boolean,
    readonly code: string | null = null,
    partial: Answer | null = null,
  ) {
    super(`${kind}${code === null ? '' : ` (${code})`}, ${written ? 'after' : 'before'} the request was written`);
    this.#partial = partial;
  }

  /** What was read before the failure; null if not even the status line arrived. */
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

/** Classifies a failure that came before the request was written to a socket. */
export function kindBeforeWrite(code: string | null): NetworkFailureKind {
  if (code === null) return 'unreachable';
  return BEFORE_WRITE[code] ?? (TLS_CODE.test(code) ? 'tls' : 'unreachable');
}

/** Classifies a failure that came after the request was, or may have been, written to a socket. */
export function kindAfterWrite(code: string | null): NetworkFailureKind {
  return code === 'UND_ERR_ABORTED' || code === 'UND_ERR_DESTROYED' ? 'aborted' : 'reset_after_write';
}

/** The `code` of a system or library error. */
export function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}
