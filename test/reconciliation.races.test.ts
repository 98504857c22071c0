import { expect, it } from 'vitest';
import { Reconciler } from '../src/reconciliation/reconciler.js';
import { failure, RECONCILE, sidOf, startOutbox } from './outbox.setup.js';
import { listed, startListingProvider } from './reconciliation.setup.js';
import { startTransaction, untilSomebodyWaits } from './support/transactions.js';

const provider = await startListingProvider();

it("does not adopt another notification's message whose acceptance gets to disk while the list is judged", async () => {
  const test = await startOutbox({ TWILIO_BASE_URL: provider.url });
  const same = { recipient: '+15551230001', content: { body: 'Hello' } };
  const theirs = await test.lease(same);
  await test.fail(await test.lease(same), { step: RECONCILE, failure: failure('unknown') });
  const asking = await test.claim();
  provider.script(same.recipient, { create: () => 503, list: () => [listed(sidOf(theirs), Date.now())] });

  // Nobody sees what is in flight before the other process has written that it was accepted.
  const other = await startTransaction(test.databaseUrl);
  await other.query('LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE');
  const found = test.service.app.get(Reconciler, { strict: false }).find(asking, AbortSignal.timeout(30_000));
  await untilSomebodyWaits(test.databaseUrl);
  await other.query('DELETE FROM outbox WHERE notification_id = $1', [theirs.notificationId]);
  await other.query(
    `INSERT INTO attempts (id, notification_id, delivery_id, number, started_at, outcome, provider_sid)
     VALUES ($1, $2, $3, 1, now(), 'accepted', $4)`,
    [theirs.attemptId, theirs.notificationId, theirs.deliveryId, sidOf(theirs)],
  );
  await other.query('COMMIT');
  expect((await found).judgement).toMatchObject({ kind: 'absent' });
});
