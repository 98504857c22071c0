import type { ProviderReport } from '../callbacks/provider-report.js';
import type { AcceptedAttempt } from '../outbox/work.js';
import { RESOURCE_OF } from '../twilio/resource.js';

/** An acceptance whose lease was over when it was known, as a callback would have told it. Pure. */
export function lateAnswer({ work, httpStatus, providerSid }: AcceptedAttempt): ProviderReport {
  return {
    // Without a status it is what the provider's list shows, not what it answered to the request.
    evidence: httpStatus === null ? 'list' : 'answer',
    attemptId: work.attemptId,
    resource: RESOURCE_OF[work.channel],
    providerSid,
    status: 'queued',
    errorCode: null,
    params: {},
  };
}
