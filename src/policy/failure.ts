import type { ErrorClass, ResponsibleParty } from './vocabulary.js';

/** How far a failure reaches: what else would fail for the same reason. */
export const FAILURE_SCOPES = ['message', 'recipient', 'sender', 'account'] as const;
export type FailureScope = (typeof FAILURE_SCOPES)[number];

/** What classification makes of a provider code, an HTTP status or a silence. */
export interface Classification {
  readonly errorClass: ErrorClass;
  readonly responsible: ResponsibleParty;
  readonly scope: FailureScope;
  /** May the same channel be tried again? `by_class` leaves it to the policy table. */
  readonly sameChannelAgain: 'by_class' | 'never' | 'backoff';
  /** Does another channel help? `by_class` leaves it to the policy table. */
  readonly otherChannelHelps: 'by_class' | 'no' | 'yes';
  /** The recipient is not on this channel, and will not be for a while. */
  readonly notOnChannel?: boolean;
  /** Milliseconds until a used-up quota is there again, where the provider's code says it. */
  readonly resetsAfterMs?: number;
  /** Which row decided, for the explanation: "Twilio code 63016", "HTTP status 503", "no answer". */
  readonly rule: string;
  /** True when the provider gave a code that no table knows. */
  readonly unknownCode: boolean;
}

/** What the provider answered to a failed request or reported in a failed callback. Holds no credentials. */
export interface ProviderAnswer {
  readonly httpStatus: number | null;
  readonly providerCode: number | null;
  readonly providerMessage: string | null;
  readonly providerRequestId: string | null;
  /** The whole body as text, at most the client's response cap; null when nothing was read. */
  readonly providerBody: string | null;
}

/** Everything known of a failure; `rejected` was surely not accepted, `unknown` may have been. */
export interface Failure extends ProviderAnswer {
  readonly provider: 'twilio';
  readonly outcome: 'rejected' | 'unknown';
  readonly classification: Classification;
  /** From the Retry-After header, in milliseconds; null when the provider named none. */
  readonly retryAfterMs: number | null;
}
