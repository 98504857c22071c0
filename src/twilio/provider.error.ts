import type { Failure } from '../policy/failure.js';
import type { ErrorClass } from '../policy/vocabulary.js';
import type { NetworkFailureKind } from './network.error.js';

/**
 * A request that the provider did not accept, or may have accepted without saying so. The only error that leaves this
 * folder. Its message, its JSON and what a logger enumerates hold ids, status, code and class; the provider's words and
 * body, which may repeat a phone number, are available only through `failure`.
 */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly outcome: Failure['outcome'];
  readonly errorClass: ErrorClass;
  readonly httpStatus: number | null;
  readonly providerCode: number | null;
  readonly providerRequestId: string | null;
  readonly #failure: Failure;

  /** @param networkFailure why the exchange broke off; null if the answer was read completely */
  constructor(
    failure: Failure,
    readonly networkFailure: NetworkFailureKind | null,
  ) {
    super(describe(failure, networkFailure));
    this.#failure = failure;
    this.outcome = failure.outcome;
    this.errorClass = failure.classification.errorClass;
    this.httpStatus = failure.httpStatus;
    this.providerCode = failure.providerCode;
    this.providerRequestId = failure.providerRequestId;
  }

  get failure(): Failure {
    return this.#failure;
  }

  toJSON(): object {
    return { ...Object.fromEntries(Object.entries(this)), message: this.message };
  }
}

function describe({ outcome, httpStatus, providerCode, classification }: Failure, network: NetworkFailureKind | null) {
  const answer = httpStatus === null ? 'no answer' : `HTTP ${httpStatus}`;
  const details = [providerCode === null ? 'no code' : `code ${providerCode}`, ...(network === null ? [] : [network])];
  const said = `${answer}, ${details.join(', ')}: ${classification.errorClass}`;
  return outcome === 'rejected'
    ? `Twilio did not accept the request (${said})`
    : `Twilio may have accepted the request (${said}); find out before sending it again`;
}
