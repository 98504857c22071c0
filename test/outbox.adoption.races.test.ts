import { expect, it } from 'vitest';
import type { StatementRunner } from '../src/database/database.js';
import { adopt } from '../src/outbox/adoption.js';
import { SETTLE_ACCEPTED } from '../src/outbox/settle-accepted.sql.js';
import { sentAgain, startLate } from './outbox.late.setup.js';
import { acceptanceOf, sidOf } from './outbox.setup.js';
import { startTransaction, untilSomebodyWaits } from './support/transactions.js';

it('a callback that says of which attempt a message is, while it is being adopted for another, is heard after that', async () => {
  const test = await startLate();
  const { first, second } = await sentAgain(test);
  const asking = await test.takenOver(second);
  const client = await startTransaction(test.databaseUrl);
  let calledBack: Promise<unknown> | undefined;
  // It has looked whether the message is another attempt's; before it writes, the callback comes.
  const run: StatementRunner['run'] = async (statement, values = []) => {
    if (statement.name === SETTLE_ACCEPTED.name) {
      calledBack = test.calledBack(first, sidOf(first), 'undelivered');
      await untilSomebodyWaits(test.databaseUrl);
    }
    return (await client.query(statement.text, [...values])).rows;
  };
  const found = { ...acceptanceOf(asking), httpStatus: null, providerSid: sidOf(first) };
  expect(await adopt({ run }, found)).toBe('settled');
  await client.query('COMMIT');
  await calledBack;
  expect(await test.standing(first.notificationId)).toMatchObject({ status: 'failed', stage: null, deadLetters: 1 });
});
