import { expect, it } from 'vitest';
import { CallbackIntake } from '../src/callbacks/callback.intake.js';
import type { Work } from '../src/outbox/work.js';
import { startOutbox, sidOf } from './outbox.setup.js';
import { startTransaction, untilSomebodyWaits } from './support/transactions.js';

const failed = (work: Work) =>
  ({
    evidence: 'callback',
    attemptId: work.attemptId,
    resource: 'message',
    providerSid: sidOf(work),
    status: 'undelivered',
    errorCode: 30_003,
    params: { MessageSid: sidOf(work), MessageStatus: 'undelivered' },
  }) as const;

it.each([
  ['four', '10', 4],
  ['half', '4', 2],
])(
  'a flood of failed callbacks takes %s of the connections at most, and everything else goes on',
  async (_, pool, most) => {
    const test = await startOutbox({ DATABASE_POOL_MAX: pool });
    const intake = test.service.app.get(CallbackIntake, { strict: false });
    const work: Work[] = [];
    for (let count = 0; count < 20; count += 1) work.push(await test.lease({ channels: ['sms'] }));
    for (const each of work) await test.accept(each);

    const other = await startTransaction(test.databaseUrl);
    await other.query('SELECT 1 FROM notifications FOR UPDATE');
    const taken = Promise.allSettled(work.map((each) => intake.take(failed(each))));
    await untilSomebodyWaits(test.databaseUrl, most);
    expect((await test.api.get(`/v1/notifications/${work[0]?.notificationId}`)).status).toBe(200);
    await untilSomebodyWaits(test.databaseUrl, most);
    await other.query('COMMIT');
    expect(await taken).toEqual(work.map(() => ({ status: 'fulfilled', value: 'applied' })));
    expect(await test.rows(`SELECT count(*)::int AS failed FROM notifications WHERE status = 'failed'`)).toEqual([
      { failed: work.length },
    ]);
  },
);
