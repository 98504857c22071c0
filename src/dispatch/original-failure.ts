import type { Classification, Failure } from '../policy/failure.js';
import { UNWRITABLE, UNWRITABLE_RULE } from '../policy/unwritable.js';
import type { OriginalFailure } from '../reconciliation/reconciler.js';
import { classify, type CodeTable } from '../twilio/classification.js';

/** The failure of an attempt in doubt, rebuilt from the history as far as a decision needs it. */
export function originalFailure(original: OriginalFailure | null, codes: CodeTable): Failure {
  return {
    provider: 'twilio',
    outcome: original?.refused ? 'rejected' : 'unknown',
    httpStatus: original?.httpStatus ?? null,
    providerCode: original?.providerCode ?? null,
    providerMessage: null,
    providerRequestId: null,
    providerBody: null,
    retryAfterMs: null,
    classification: classificationOf(original, codes),
  };
}

/** Class, rule and responsible party stay as recorded; what helps is not in the history and is classified anew. */
function classificationOf(original: OriginalFailure | null, codes: CodeTable): Classification {
  if (original?.rule === UNWRITABLE_RULE) return UNWRITABLE.classification;
  const { httpStatus = null, providerCode = null } = original ?? {};
  const rebuilt = classify({ httpStatus, providerCode, networkFailure: null }, codes);
  if (!original) return rebuilt;
  const { errorClass, responsible, rule } = original;
  return { ...rebuilt, errorClass, responsible, rule };
}
