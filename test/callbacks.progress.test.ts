import { describe, expect, it } from 'vitest';
import { CallbackIntake } from '../src/callbacks/callback.intake.js';
import { CallbackJournal } from '../src/callbacks/callback.journal.js';
import type { Work } from '../src/outbox/work.js';
import { startLate } from './outbox.late.setup.js';
import { DEAD_LETTER, failure, RECONCILE, sidOf } from './outbox.setup.js';
import { moveClock } from './support/clock.js';

/** Callbacks as they come in, the ordinary ones together. */
async function start() {
  const test = await startLate();
  const intake = test.service.app.get(CallbackIntake, { strict: false });
  return {
    ...test,
    comesIn: ({ attemptId }: Work, providerSid: string, status: string) =>
      intake.take({
        evidence: 'callback',
        attemptId,
        resource: 'message',
        providerSid,
        status,
        errorCode: null,
        params: { MessageSid: providerSid, MessageStatus: status },
      }),
    times: () =>
      test.rows(`SELECT n.delivered_at, n.read_at, n.updated_at, d.ended_at
        FROM notifications n JOIN deliveries d ON d.notification_id = n.id ORDER BY n.id, d.number`),
    deliveries: () => test.rows('SELECT status FROM deliveries ORDER BY number'),
  };
}

/** What became of the first delivery is unknown, and a human had it sent again as it was; both by SMS. */
async function sentTwiceByHand() {
  const test = await start();
  const first = await test.lease({ channels: ['sms'] });
  await test.fail(await test.takenOver(first), { step: DEAD_LETTER, attempt: null });
  const [letter] = await test.rows('SELECT id FROM dead_letters');
  await test.api.post(`/v1/admin/dead-letters/${String(letter?.['id'])}/retry`);
  return { test, first, second: await test.claim() };
}

describe('an ordinary callback', () => {
  it('changes no time when it is repeated, nor when it was delivered by saying that it was read', async () => {
    const test = await start();
    const work = await test.lease();
    await test.accept(work);
    await test.comesIn(work, sidOf(work), 'delivered');
    const delivered = await test.times();
    expect(delivered).toMatchObject([{ delivered_at: expect.any(Date), read_at: null }]);
    const again = async (status: string) => {
      await moveClock(test.databaseUrl, 5000);
      expect(await test.comesIn(work, sidOf(work), status)).not.toBe('unknown_attempt');
      return test.times();
    };
    expect(await again('delivered')).toEqual(delivered);
    expect(await again('sent')).toEqual(delivered);
    const read = await again('read');
    expect(read).toEqual([{ ...delivered[0], read_at: expect.any(Date), updated_at: expect.any(Date) }]);
    expect(await again('read')).toEqual(read);
    expect(await again('delivered')).toEqual(read);
  });

  it('is told of as a delivery once', async () => {
    const test = await start();
    const heard: number[] = [];
    test.service.app.get(CallbackJournal, { strict: false }).subscribe({
      onProgress: (_, delivered) => void heard.push(delivered.length),
    });
    const work = await test.lease();
    await test.accept(work);
    for (const status of ['sent', 'delivered', 'read', 'read']) {
      await test.comesIn(work, sidOf(work), status);
      await moveClock(test.databaseUrl, 1000);
    }
    expect(heard.filter((count) => count > 0)).toEqual([1]);
  });
});

describe('a callback that is not ordinary', () => {
  it('names another message than the one its attempt is known by, and corrects that', async () => {
    const test = await start();
    const work = await test.lease();
    await test.fail(work, { step: RECONCILE, failure: failure('unknown') });
    await test.adopted(await test.claim(), `SM${'9'.repeat(32)}`);
    await test.comesIn(work, sidOf(work), 'delivered');
    expect(await test.attempts()).toMatchObject([{ outcome: 'accepted', sid: sidOf(work) }]);
    expect(await test.standing(work.notificationId)).toMatchObject({ status: 'delivered' });
  });

  it('is of a delivery that had ended, which was delivered after all', async () => {
    const { test, first, second } = await sentTwiceByHand();
    await test.accept(second);
    await test.calledBack(second, sidOf(second), 'undelivered', 30_007);
    await test.comesIn(first, sidOf(first), 'sent');
    expect(await test.deliveries()).toEqual([{ status: 'sent' }, { status: 'failed' }]);
    await test.comesIn(second, sidOf(second), 'delivered');
    expect((await test.deliveries())[1]).toEqual({ status: 'delivered' });
    expect(await test.standing(first.notificationId)).toMatchObject({ status: 'delivered' });
  });
});

describe('the delivery of what another one has delivered already', () => {
  it('is delivered as well', async () => {
    const { test, first, second } = await sentTwiceByHand();
    await test.accept(second);
    await test.comesIn(first, sidOf(first), 'delivered');
    expect(await test.standing(first.notificationId)).toMatchObject({ status: 'delivered', channel: 'sms' });
    await test.comesIn(second, sidOf(second), 'delivered');
    expect(await test.deliveries()).toEqual([{ status: 'delivered' }, { status: 'delivered' }]);
  });
});
