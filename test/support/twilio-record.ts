import type { TwilioRecord } from '../../src/twilio/twilio.records.js';

/** A message in the provider's list: that of the work that `workOf` makes, unless told otherwise. */
export function recordOf(fields: Partial<TwilioRecord> = {}): TwilioRecord {
  return {
    sid: `SM${'1'.repeat(32)}`,
    to: '+15551230001',
    from: '+15005550006',
    messagingServiceSid: null,
    body: 'Hello',
    status: 'sent',
    direction: 'outbound-api',
    dateCreated: new Date('2026-11-22T10:00:00Z'),
    errorCode: null,
    errorMessage: null,
    ...fields,
  };
}
