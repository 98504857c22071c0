import { CLASS_POLICY } from '../../src/policy/class.policy.js';
import type { Classification, Failure } from '../../src/policy/failure.js';
import type { ErrorClass } from '../../src/policy/vocabulary.js';

/** A refused request of this class, as the provider's client hands it on: with what its class says, but for `row`. */
export function failureOfClass(
  errorClass: ErrorClass,
  more: Partial<Failure> = {},
  row: Partial<Classification> = {},
): Failure {
  return {
    provider: 'twilio',
    outcome: 'rejected',
    httpStatus: 400,
    providerCode: null,
    providerMessage: null,
    providerRequestId: null,
    providerBody: null,
    retryAfterMs: null,
    classification: {
      errorClass,
      responsible: CLASS_POLICY[errorClass].responsible,
      scope: 'message',
      sameChannelAgain: 'by_class',
      otherChannelHelps: 'by_class',
      rule: `the rule of ${errorClass}`,
      unknownCode: false,
      ...row,
    },
    ...more,
  };
}
