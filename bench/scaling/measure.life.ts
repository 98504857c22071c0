import { randomInt, randomUUID } from 'node:crypto';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { untilRecorded } from '../cases/measure.js';
import { ACCOUNT } from '../contenders/contender.js';
import type { RunningPostrider } from '../contenders/postrider.js';
import type { PreparedRequest } from '../programs/load.calls.js';
import { orderText } from '../programs/provider.calls.js';
import type { Stage } from '../stage/stage.js';

const CONNECTIONS = 64;
const SECONDS_AT_MOST = 60;

/** The reports that a message's provider sends, in order; an error code makes it a failure. */
export interface Report {
  readonly status: string;
  readonly errorCode?: number;
}

export const DELIVERED: readonly Report[] = [{ status: 'sent' }, { status: 'delivered' }];
/** 30003: the recipient's phone is off or gone. */
export const UNREACHABLE: readonly Report[] = [{ status: 'sent' }, { status: 'undelivered', errorCode: 30003 }];

/** Posts notifications one by one over many connections, and reports on each: whole lives, as in production. */
export async function live(
  stage: Stage,
  running: RunningPostrider,
  count: number,
  reports: readonly Report[],
): Promise<void> {
  await stage.provider.call('reset', { latencyMs: 0 });
  const before = await lastAttempt(running);
  await request(stage, running, newNotifications(running, count));
  await untilRecorded(stage, running, count);
  for (const report of reports) await request(stage, running, await callbacksAfter(running, before, report));
}

async function request(stage: Stage, { url }: RunningPostrider, requests: readonly PreparedRequest[]): Promise<void> {
  const load = { url, connections: CONNECTIONS, seconds: SECONDS_AT_MOST, most: requests.length };
  const { count } = await stage.load.call('closedLoop', { ...load, requests: { kind: 'prepared', requests } });
  if (count !== requests.length) throw new Error(`${count} of ${requests.length} requests were taken`);
}

/** Recipients and keys in no order, as clients have them: neighbours in time are none in an index. */
function newNotifications({ requests: { headers } }: RunningPostrider, count: number): PreparedRequest[] {
  return Array.from({ length: count }, (_, number) => ({
    path: '/v1/notifications',
    headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify({
      to: `+1555${randomInt(1_000_000, 10_000_000)}`,
      channels: ['sms'],
      body: orderText(number),
    }),
  }));
}

async function lastAttempt({ database }: RunningPostrider): Promise<string> {
  const { rows } = await database.query<{ id: string }>('SELECT id FROM attempts ORDER BY id DESC LIMIT 1');
  return rows[0]?.id ?? '00000000-0000-0000-0000-000000000000';
}

async function callbacksAfter(
  { database, url }: RunningPostrider,
  attempt: string,
  { status, errorCode }: Report,
): Promise<PreparedRequest[]> {
  const { rows } = await database.query<{ id: string; sid: string; recipient: string }>(
    `SELECT a.id, a.provider_sid AS sid, n.recipient FROM attempts a JOIN notifications n ON n.id = a.notification_id
     WHERE a.id > $1 ORDER BY a.id`,
    [attempt],
  );
  return rows.map(({ id, sid, recipient }) => {
    const path = `/callbacks/twilio/message/${id}`;
    const params = {
      AccountSid: ACCOUNT.sid,
      ApiVersion: '2010-04-01',
      ...(errorCode === undefined ? {} : { ErrorCode: String(errorCode) }),
      From: ACCOUNT.sender,
      MessageSid: sid,
      MessageStatus: status,
      SmsSid: sid,
      SmsStatus: status,
      To: recipient,
    };
    const signature = getExpectedTwilioSignature(ACCOUNT.token, url + path, params);
    return {
      path,
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature },
      body: new URLSearchParams(params).toString(),
    };
  });
}
