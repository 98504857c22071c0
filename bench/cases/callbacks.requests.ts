import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { ACCOUNT } from '../contenders/contender.js';
import type { RunningPostrider } from '../contenders/postrider.js';
import type { PreparedRequest } from '../programs/load.calls.js';

/** Between the two callbacks of a notification come those of this many others at most, as with a real provider. */
const BLOCK = 500;

/** The provider's callbacks to everything that was accepted so far: `sent`, and a little later `delivered`. */
export async function callbacksFor({ database, url }: RunningPostrider): Promise<PreparedRequest[]> {
  const { rows } = await database.query<{ id: string; sid: string; recipient: string }>(`
    SELECT a.id, a.provider_sid AS sid, n.recipient FROM attempts a JOIN notifications n ON n.id = a.notification_id
    WHERE a.outcome = 'accepted' ORDER BY a.id`);
  const requests: PreparedRequest[] = [];
  for (let first = 0; first < rows.length; first += BLOCK) {
    const block = rows.slice(first, first + BLOCK);
    for (const status of ['sent', 'delivered']) requests.push(...block.map((row) => callback(url, row, status)));
  }
  return requests;
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
