import type { Failure } from '../policy/failure.js';
import { NO_ANSWER_RULE } from '../policy/rule.words.js';
import type { OriginalFailure } from '../reconciliation/reconciler.js';

/** The failure of an unknown attempt as a decision needs it, rebuilt from the history. */
export function originalFailure(original: OriginalFailure | null): Failure {
  return {
    provider: 'twilio',
    outcome: 'unknown',
    httpStatus: original?.httpStatus ?? null,
    providerCode: original?.providerCode ?? null,
    providerMessage: null,
    providerRequestId: null,
    providerBody: null,
    retryAfterMs: null,
    classification: {
      errorClass: original?.errorClass ?? 'provider_fault',
      responsible: original?.responsible ?? 'provider',
      scope: 'message',
      sameChannelAgain: 'by_class',
      otherChannelHelps: 'by_class',
      rule: original?.rule ?? NO_ANSWER_RULE,
      unknownCode: false,
    },
  };
}
