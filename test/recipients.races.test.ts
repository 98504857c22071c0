import { expect, it } from 'vitest';
import type { Client } from 'pg';
import type { Transaction } from '../src/database/database.js';
import { RecipientMemory } from '../src/recipients/recipient-memory.js';
import { startTestService } from './support/service.js';
import { startTransaction, untilSomebodyWaits } from './support/transactions.js';

const PAIR = { channel: 'sms', sender: '+15005550006', recipient: '+15551230001' } as const;

/** A statement's way through a connection of the test's own. */
function through(client: Client): Transaction {
  return {
    run: async (statement, values = []) => (await client.query(statement.text, [...values])).rows,
    afterCommit: (effect) => effect(),
  };
}

async function start() {
  const test = await startTestService({ ROLE: 'api' });
  const memory = test.service.app.get(RecipientMemory, { strict: false });
  const [one, other] = [await startTransaction(test.databaseUrl), await startTransaction(test.databaseUrl)];
  const refused = (client: Client) =>
    memory.optedOut(through(client), { ...PAIR, reason: 'Twilio code 21610', since: new Date(Date.now() - 60_000) });
  const asked = (client: Client) => memory.optedIn(through(client), { ...PAIR, by: 'START of the recipient' });
  return {
    refused,
    asked,
    /** Both at once: the second begins before the first is on disk. */
    together: async (first: (client: Client) => Promise<void>, second: (client: Client) => Promise<void>) => {
      await first(one);
      const later = second(other);
      await untilSomebodyWaits(test.databaseUrl);
      await one.query('COMMIT');
      await later;
      await other.query('COMMIT');
      return (await test.database.query('SELECT reason FROM suppressions WHERE lifted_at IS NULL')).rows;
    },
  };
}

it('hears who asks to be written to while an older refusal is being written down', async () => {
  const { together, refused, asked } = await start();
  expect(await together(refused, asked)).toEqual([]);
});

it('takes no older refusal from who is just asking to be written to', async () => {
  const { together, refused, asked } = await start();
  expect(await together(asked, refused)).toEqual([]);
});

it('tells of a failure only when what it taught of the recipient holds', async () => {
  const test = await startTestService();
  const learning = await startTransaction(test.databaseUrl);
  await learning.query('LOCK suppressions IN EXCLUSIVE MODE');
  const optedOut = await test.api.send({ to: '+15005552610', channels: ['sms'], body: 'Hello' });
  await untilSomebodyWaits(test.databaseUrl);
  // Whatever else was on its way to disk by then is there when a later one's result is.
  await test.api.untilStatus(
    await test.api.send({ to: PAIR.recipient, channels: ['sms'], body: 'Hello' }),
    'delivered',
  );
  expect(await test.api.get(`/v1/notifications/${optedOut}`)).toMatchObject({ body: { status: 'sending' } });
  await learning.query('COMMIT');
  await test.api.untilStatus(optedOut, 'failed');
  expect((await test.database.query('SELECT 1 FROM suppressions WHERE lifted_at IS NULL')).rows).toHaveLength(1);
});
