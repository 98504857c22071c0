import type { ErrorClass, ResponsibleParty } from './vocabulary.js';

/** The scope of a failure: what else would fail for the same reason. */
export const FAILURE_SCOPES = ['message', 'recipient', 'sender', 'account'] as const;
export type FailureScope = (typeof FAILURE_SCOPES)[number];

/** The classification of a provider code, an HTTP status or a missing answer. */
export interface Classification {
  readonly errorClass: ErrorClass;
  readonly responsible: ResponsibleParty;
  readonly scope: FailureScope;
  /** Whether the same channel may be tried again. `by_class` leaves it to the policy table. */
  readonly sameChannelAgain: 'by_class' | 'never' | 'backoff';
  /** Whether another channel helps. `by_class` leaves it to the policy table. */
  readonly otherChannelHelps: 'by_class' | 'no' | 'yes';
  /** The recipient is not on this channel and will not be for some time. */
  readonly notOnChannel?: boolean;
  /** Milliseconds until an exhausted quota resets, if the provider's code implies it. */
  readonly resetsAfterMs?: number;
  /** The rule that decided, for the explanation: "Twilio code 63016", "HTTP status 503", "no answer". */
  readonly rule: string;
  /** True if the provider gave a code that is not in the table. */
  readonly unknownCode: boolean;
}

/** The provider's answer to a failed request, or its report in a failed callback. Holds no credentials. */
export interface ProviderAnswer {
  readonly httpStatus: number | null;
  readonly providerCode: number | null;
  readonly providerMessage: string | null;
  readonly providerRequestId: string | null;
  /** The body as text, cut off at the client's response cap; null if nothing was read. */
  readonly providerBody: string | null;
}

/** Everything known about a failure. `rejected` was certainly not accepted; `unknown` may have been. */
export interface Failure extends ProviderAnswer {
  readonly provider: 'twilio';
  readonly outcome: 'rejected' | 'unknown';
  readonly classification: Classification;
  /** From the Retry-After header, in milliseconds; null if the provider sent none. */
  readonly retryAfterMs: number | null;
}
