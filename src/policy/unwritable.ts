import type { Failure } from './failure.js';

/** Used as the rule in {@link Failure.classification}: nothing was sent to the provider. */
export const UNWRITABLE_RULE = 'the request could not be written';

/**
 * The failure of an attempt whose request could not even be composed: a bug in this service, or content that an earlier
 * version stored. It was certainly not accepted, and a retry would fail the same way; another channel composes a
 * different request.
 */
export const UNWRITABLE: Failure = {
  provider: 'twilio',
  outcome: 'rejected',
  httpStatus: null,
  providerCode: null,
  providerMessage: null,
  providerRequestId: null,
  providerBody: null,
  retryAfterMs: null,
  classification: {
    errorClass: 'invalid_request',
    responsible: 'operator',
    scope: 'message',
    sameChannelAgain: 'never',
    otherChannelHelps: 'yes',
    rule: UNWRITABLE_RULE,
    unknownCode: false,
  },
};
