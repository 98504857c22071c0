import type { Failure } from './failure.js';

/** As {@link Failure.classification} has it: nothing of it went to the provider. */
export const UNWRITABLE_RULE = 'the request could not be written';

/**
 * The failure of an attempt whose request could not even be put together: a fault of this service, or content that an
 * earlier version stored. Surely not accepted, and no better next time; another channel writes another request.
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
