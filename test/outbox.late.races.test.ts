import { expect, it } from 'vitest';
import { RECORD_ACCEPTANCE } from '../src/callbacks/apply-report.sql.js';
import { startLate } from './outbox.late.setup.js';
import { sidOf } from './outbox.setup.js';
import { startTransaction, untilSomebodyWaits } from './support/transactions.js';

it('a late refusal changes nothing where a callback proves its attempt accepted at the same moment', async () => {
  const test = await startLate();
  const work = await test.lease();
  await test.takenOver(work);
  const callback = await startTransaction(test.databaseUrl);
  const { attemptId, notificationId, deliveryId } = work;
  await callback.query(RECORD_ACCEPTANCE.text, [attemptId, notificationId, deliveryId, sidOf(work)]);
  const refused = test.refused(work);
  await untilSomebodyWaits(test.databaseUrl);
  await callback.query('COMMIT');
  await refused;
  expect(await test.attempts()).toMatchObject([{ outcome: 'accepted', http: null, sid: sidOf(work) }]);
  expect(await test.failures()).toMatchObject([{ outcome: 'unknown', http: null, rule: 'the lease expired' }]);
});
