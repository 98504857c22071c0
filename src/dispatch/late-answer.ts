import type { ProviderReport } from '../callbacks/provider-report.js';
import type { AcceptedAttempt } from '../outbox/work.js';
import { RESOURCE_OF } from '../twilio/resource.js';

/** An acceptance that became known after its lease had ended, in the form of a callback's report. Pure. */
export function lateAnswer({ work, httpStatus, providerSid }: AcceptedAttempt): ProviderReport {
  return {
    // Without a status it comes from the provider's list, not from an answer to the request.
    evidence: httpStatus === null ? 'list' : 'answer',
    attemptId: work.attemptId,
    resource: RESOURCE_OF[work.channel],
    providerSid,
    status: 'queued',
    errorCode: null,
    params: {},
  };
}
