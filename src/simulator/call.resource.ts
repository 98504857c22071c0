import { callSeconds, type CallRecord } from './call.record.js';
import { rfc2822, rfc2822OrNull } from './rfc2822.date.js';

const SUBRESOURCES = {
  events: 'Events',
  notifications: 'Notifications',
  payments: 'Payments',
  recordings: 'Recordings',
  siprec: 'Siprec',
  streams: 'Streams',
  transcriptions: 'Transcriptions',
  user_defined_message_subscriptions: 'UserDefinedMessageSubscriptions',
  user_defined_messages: 'UserDefinedMessages',
} as const;

/** A call as the 2010 API shows it. */
export function callResource(call: CallRecord, accountSid: string): Record<string, unknown> {
  const uri = `/2010-04-01/Accounts/${accountSid}/Calls/${call.sid}`;
  const seconds = callSeconds(call);
  // A call has no times until it is dialled, as answers to creations show.
  const waits = call.startedAt === null && call.endedAt === null;
  return {
    sid: call.sid,
    date_created: waits ? null : rfc2822(call.createdAt),
    date_updated: waits ? null : rfc2822(call.updatedAt),
    parent_call_sid: null,
    account_sid: accountSid,
    to: call.to,
    to_formatted: formatted(call.to),
    from: call.from,
    from_formatted: formatted(call.from),
    phone_number_sid: null,
    status: call.status,
    start_time: rfc2822OrNull(call.startedAt),
    end_time: rfc2822OrNull(call.endedAt),
    duration: seconds === null ? null : String(seconds),
    price: null,
    price_unit: 'USD',
    direction: 'outbound-api',
    answered_by: null,
    annotation: null,
    api_version: '2010-04-01',
    forwarded_from: null,
    group_sid: null,
    caller_name: null,
    queue_time: '0',
    trunk_sid: null,
    uri: `${uri}.json`,
    subresource_uris: Object.fromEntries(
      Object.entries(SUBRESOURCES).map(([name, folder]) => [name, `${uri}/${folder}.json`]),
    ),
  };
}

/** `(500) 555-0006` for North America, the number itself elsewhere. */
function formatted(number: string): string {
  return number.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, '($1) $2-$3');
}
