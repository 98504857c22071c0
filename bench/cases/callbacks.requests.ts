import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { ACCOUNT } from '../contenders/contender.js';
import type { RunningPostrider } from '../contenders/postrider.js';
import type { PreparedRequest } from '../programs/load.calls.js';

/** The provider's callbacks to everything that was accepted so far: `sent` for all, then `delivered` for all. */
export async function callbacksFor({ database, url }: RunningPostrider): Promise<PreparedRequest[]> {
  const { rows } = await database.query<{ id: string; sid: string; recipient: string }>(`
    SELECT a.id, a.provider_sid AS sid, n.recipient FROM attempts a JOIN notifications n ON n.id = a.notification_id
    WHERE a.outcome = 'accepted' ORDER BY a.id`);
  return ['sent', 'delivered'].flatMap((status) => rows.map((row) => callback(url, row, status)));
}

function callback(
  url: string,
  attempt: { id: string; sid: string; recipient: string },
  status: string,
): PreparedRequest {
  const path = `/callbacks/twilio/message/${attempt.id}`;
  const params = {
    AccountSid: ACCOUNT.sid,
    ApiVersion: '2010-04-01',
    From: ACCOUNT.sender,
    MessageSid: attempt.sid,
    MessageStatus: status,
    SmsSid: attempt.sid,
    SmsStatus: status,
    To: attempt.recipient,
  };
  return {
    path,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': getExpectedTwilioSignature(ACCOUNT.token, url + path, params),
    },
    body: new URLSearchParams(params).toString(),
  };
}
