import type { ProviderReport } from '../callbacks/provider-report.js';
import type { Channel } from '../policy/vocabulary.js';
import { RESOURCE_OF } from '../twilio/resource.js';
import type { TwilioRecord } from '../twilio/twilio.records.js';

/** The attempt that a record belongs to. */
interface RecordOwner {
  readonly attemptId: string;
  readonly channel: Channel;
}

/** The report that the missing callback would have brought, with its field names. Pure. */
export function reportOf({ attemptId, channel }: RecordOwner, record: TwilioRecord): ProviderReport {
  const { sid: providerSid, status, errorCode, errorMessage } = record;
  const failure = {
    ...(errorCode !== null && { ErrorCode: String(errorCode) }),
    ...(errorMessage !== null && { ErrorMessage: errorMessage }),
  };
  const said = { evidence: 'receipt', attemptId, providerSid, status, errorCode } as const;
  const resource = RESOURCE_OF[channel];
  return resource === 'call'
    ? { ...said, resource, params: { CallSid: providerSid, CallStatus: status } }
    : { ...said, resource, params: { MessageSid: providerSid, MessageStatus: status, ...failure } };
}
