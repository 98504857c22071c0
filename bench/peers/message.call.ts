import { Pool } from 'undici';
import { ACCOUNT } from '../contenders/contender.js';
import type { Job } from './queue.js';

const PATH = `/2010-04-01/Accounts/${ACCOUNT.sid}/Messages.json`;
const AUTHORIZATION = `Basic ${Buffer.from(`${ACCOUNT.sid}:${ACCOUNT.token}`).toString('base64')}`;

/** One HTTP call to the provider, with the same form that Postrider sends. @throws when it does not say 201 */
export function messageCall(providerUrl: string, connections: number): (job: Job) => Promise<void> {
  const pool = new Pool(providerUrl, { connections, pipelining: 1 });
  return async ({ to, body }) => {
    const form = new URLSearchParams({
      To: to,
      From: ACCOUNT.sender,
      Body: body,
      StatusCallback: 'http://127.0.0.1:3000/callbacks/twilio/message/019354aa-0000-7000-8000-000000000000',
    });
    const answer = await pool.request({
      method: 'POST',
      path: PATH,
      headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: AUTHORIZATION },
      body: form.toString(),
    });
    const message = (await answer.body.json()) as { sid?: string };
    if (answer.statusCode !== 201 || !message.sid) throw new Error(`The provider answered ${answer.statusCode}`);
  };
}
