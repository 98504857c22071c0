import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ReportApplier } from '../src/callbacks/report.applier.js';
import { Caretaker } from '../src/dispatch/caretaker.service.js';
import { OverdueFallback } from '../src/dispatch/overdue.fallback.js';
import { endExpired } from '../src/outbox/expiry.js';
import type { NewNotification } from '../src/outbox/work.js';
import {
  failure,
  fallbackTo,
  lastStep,
  RECONCILE,
  RETRY,
  startOutbox,
  withFallbackDue,
  type OutboxUnderTest,
} from './outbox.setup.js';
import { moveClock } from './support/clock.js';
import { newNotifications } from './support/new-notifications.js';
import { startTransaction, untilSomebodyWaits } from './support/transactions.js';

const MINUTE = 60_000;
const inAMinute = () => new Date(Date.now() + MINUTE);

describe('a fallback whose expiresAt passes before it is sent', () => {
  it('ends alone where the channel before it has it accepted: the notification is sent, not expired', async () => {
    const test = await startOutbox();
    const id = await withFallbackDue(test, { expiresAt: inAMinute() });
    await moveClock(test.databaseUrl, 2 * MINUTE);
    expect(await test.outbox.expire(10)).toEqual([{ notificationId: id, movedTo: 'sent', heldBy: null }]);
    expect(await test.standing(id)).toMatchObject({
      status: 'sent',
      channel: 'whatsapp',
      deliveries: ['queued', 'expired'],
      stage: null,
    });
    expect(await test.sentences(id)).toEqual([
      'expiry: Its expiresAt passed before it could be sent on sms, so only this delivery ends: whatsapp had accepted it before.',
    ]);
  });

  it('leaves the notification on the latest channel that has it accepted', async () => {
    const test = await startOutbox();
    const id = await withFallbackDue(test, { expiresAt: inAMinute() });
    await test.accept(await test.claim());
    await test.startDelivery(id, 'voice');
    await moveClock(test.databaseUrl, 2 * MINUTE);
    expect(await test.outbox.expire(10)).toEqual([{ notificationId: id, movedTo: 'sent', heldBy: null }]);
    expect(await test.standing(id)).toMatchObject({ status: 'sent', channel: 'sms', stage: null });
  });

  it('ends the notification where the channel before it failed', async () => {
    const test = await startOutbox();
    const id = await withFallbackDue(test, { expiresAt: inAMinute() }, 'failed');
    await moveClock(test.databaseUrl, 2 * MINUTE);
    expect(await test.outbox.expire(10)).toEqual([{ notificationId: id, movedTo: 'expired', heldBy: null }]);
    expect(await test.standing(id)).toMatchObject({
      status: 'expired',
      deliveries: ['failed', 'expired'],
      stage: null,
    });
    expect(await test.sentences(id)).toEqual(['expiry: Its expiresAt passed before it could be sent on sms.']);
  });

  it.each([
    ['failed', 'so it was not sent again.'],
    ['queued', 'so only this delivery ends: whatsapp had accepted it before.'],
  ] as const)('is told of as refused where it was, and WhatsApp is %s', async (whatsapp, ending) => {
    const test = await startOutbox();
    const id = await withFallbackDue(test, { expiresAt: inAMinute() }, whatsapp);
    await test.fail(await test.claim(), { step: RETRY });
    await moveClock(test.databaseUrl, 2 * MINUTE);
    await test.outbox.expire(10);
    expect(await test.sentences(id)).toEqual([`expiry: Its expiresAt passed before it was accepted on sms, ${ending}`]);
  });
});

describe('expiry', () => {
  it.each(['queued', 'failed'] as const)(
    'moves no notification that is over, where the channel before it is %s',
    async (whatsapp) => {
      const test = await startOutbox();
      const id = await withFallbackDue(test, { expiresAt: inAMinute() }, whatsapp);
      await test.database.query(`UPDATE notifications SET status = 'delivered' WHERE id = $1`, [id]);
      await moveClock(test.databaseUrl, 2 * MINUTE);
      expect(await test.outbox.expire(10)).toEqual([{ notificationId: id, movedTo: null, heldBy: null }]);
      expect(await test.standing(id)).toMatchObject({ status: 'delivered', stage: null });
    },
  );

  it('waits for the answer of an attempt in flight', async () => {
    const test = await startOutbox();
    const { notificationId } = await test.lease({ expiresAt: inAMinute() });
    await moveClock(test.databaseUrl, 2 * MINUTE);
    expect(await test.outbox.expire(10)).toEqual([]);
    expect(await test.standing(notificationId)).toMatchObject({ stage: 'send', deliveries: ['queued'] });
  });

  it('ends what a circuit holds, and names the circuit', async () => {
    const test = await startOutbox();
    const work = await test.lease({ expiresAt: inAMinute() });
    const heldBy = randomUUID();
    const step = { kind: 'hold', reason: 'the circuit is open' } as const;
    await test.fail(work, { step, attempt: null, failure: null, heldBy });
    const { notificationId } = work;
    await moveClock(test.databaseUrl, 2 * MINUTE);
    expect(await test.outbox.expire(10)).toEqual([{ notificationId, movedTo: 'expired', heldBy }]);
    expect(await test.standing(notificationId)).toMatchObject({ status: 'expired', stage: null });
  });

  it('is told of what was never tried as what it is', async () => {
    const test = await startOutbox();
    const id = await test.enqueue({ expiresAt: inAMinute() });
    await moveClock(test.databaseUrl, 2 * MINUTE);
    await test.outbox.expire(10);
    expect(await test.sentences(id)).toEqual([expect.stringMatching(/before it was accepted, so it was not sent\.$/)]);
  });
});

describe('expiry at the same moment as a callback', () => {
  it('ends the notification where the channel before has failed a moment ago', async () => {
    const test = await startOutbox();
    const id = await withFallbackDue(test, { expiresAt: inAMinute() });
    const [attempt] = await test.rows('SELECT id, provider_sid AS sid FROM attempts');
    const providerSid = String(attempt?.['sid']);
    await moveClock(test.databaseUrl, 2 * MINUTE);

    // It has begun to look, and waits for the time before it finds anything.
    const gate = await startTransaction(test.databaseUrl);
    await gate.query('SELECT pg_advisory_xact_lock(1)');
    const caretaker = await startTransaction(test.databaseUrl);
    await caretaker.query(`CREATE SCHEMA waiting; SET search_path = waiting, public;
      CREATE FUNCTION waiting.service_now() RETURNS timestamptz LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN public.service_now(); END $$`);
    const run = async <Row extends object>({ text }: { text: string }, values: readonly unknown[] = []) =>
      (await caretaker.query<Row>(text, [...values])).rows;
    const expired = endExpired({ run }, 10);
    await untilSomebodyWaits(test.databaseUrl);
    await test.service.app.get(ReportApplier, { strict: false }).apply({
      evidence: 'callback',
      attemptId: String(attempt?.['id']),
      resource: 'message',
      providerSid,
      status: 'undelivered',
      errorCode: 30_005,
      params: { MessageSid: providerSid, MessageStatus: 'undelivered' },
    });
    await gate.query('COMMIT');
    expect(await expired).toEqual([{ notificationId: id, movedTo: 'expired', heldBy: null }]);
    await caretaker.query('COMMIT');
    expect(await test.standing(id)).toMatchObject({
      status: 'expired',
      deliveries: ['failed', 'expired'],
      stage: null,
    });
  });
});

describe('what was tried before it expires', () => {
  it('may have been accepted where nobody knows, and is not said to be unsent', async () => {
    const test = await startOutbox();
    const work = await test.lease({ expiresAt: inAMinute() });
    await test.fail(work, { step: RECONCILE, failure: failure('unknown') });
    await test.fail(await test.claim(), { step: RETRY, attempt: null });
    await moveClock(test.databaseUrl, 2 * MINUTE);
    await test.outbox.expire(10);
    expect(await test.sentences(work.notificationId)).toEqual([
      'expiry: Its expiresAt passed, so it was not sent again; an attempt before may have been accepted.',
    ]);
    expect(await lastStep(test)).toEqual({ kind: 'none', reason: 'its expiresAt passed, so it was not sent again' });
  });

  it('may have been accepted on the channel before, too, where the fallback was never tried', async () => {
    const test = await startOutbox();
    const work = await test.lease({ channels: ['whatsapp', 'sms'], expiresAt: inAMinute() });
    await test.fail(work, { ...fallbackTo('sms'), failure: failure('unknown') });
    await moveClock(test.databaseUrl, 2 * MINUTE);
    await test.outbox.expire(10);
    expect(await test.sentences(work.notificationId)).toEqual([
      'expiry: Its expiresAt passed, so it was not sent again; an attempt before may have been accepted.',
    ]);
  });

  it('is promised no retry any more', async () => {
    const test = await startOutbox();
    const work = await test.lease({ expiresAt: inAMinute() });
    await test.fail(work, { step: RETRY });
    await test.fail(await test.claim(), {
      step: { kind: 'retry', at: new Date(), waitMs: 5 * MINUTE, reason: 'a later retry' },
    });
    await moveClock(test.databaseUrl, 2 * MINUTE);
    await test.outbox.expire(10);
    expect(await test.sentences(work.notificationId)).toEqual([
      'expiry: Its expiresAt passed before it was accepted, so it was not sent again.',
    ]);
    expect(await lastStep(test)).toMatchObject({ kind: 'none' });
    const steps = await test.rows(`SELECT next_step ->> 'kind' AS kind FROM failures ORDER BY at, id`);
    expect(steps.map(({ kind }) => kind)).toEqual(['retry', 'none']);
  });
});

describe('what has expired', () => {
  it('is ended in one round, however much it is', async () => {
    const test = await startOutbox();
    await Promise.all(newNotifications(501).map((one) => test.intake.enqueue({ ...one, expiresAt: inAMinute() })));
    await moveClock(test.databaseUrl, 2 * MINUTE);
    await test.service.app.get(Caretaker, { strict: false }).round();
    expect(await test.rows('SELECT status, count(*)::int AS n FROM notifications GROUP BY 1')).toEqual([
      { status: 'expired', n: 501 },
    ]);
  });

  it('is not waited for by whoever looks when the next work is due', async () => {
    const test = await startOutbox();
    await test.enqueue({ expiresAt: inAMinute() });
    expect(await test.outbox.nextDueInMs()).toBeLessThanOrEqual(0);
    await moveClock(test.databaseUrl, 2 * MINUTE);
    expect(await test.outbox.nextDueInMs()).toBeNull();
    await test.enqueue({ sendAt: new Date(Date.now() + 3 * MINUTE) });
    expect(await test.outbox.nextDueInMs()).toBeGreaterThan(0);
  });
});

describe('the watch for a receipt that did not come', () => {
  const overdue = async (test: OutboxUnderTest, more: Partial<NewNotification> = {}) => {
    const work = await test.lease({ channels: ['sms', 'voice'], fallbackAfterSeconds: 60, ...more });
    await test.accept(work);
    await moveClock(test.databaseUrl, 2 * MINUTE);
    return work.notificationId;
  };
  const fallBack = async (test: OutboxUnderTest) => {
    for (const taken of await test.outbox.takeOverdue(10)) {
      await test.service.app.get(OverdueFallback, { strict: false }).fallBack(taken);
    }
  };

  it('ends where the notification is not sent any more, so that it cannot stand in the way of others', async () => {
    const test = await startOutbox();
    const id = await overdue(test);
    await test.database.query(`UPDATE notifications SET status = 'delivered'`);
    await fallBack(test);
    expect(await test.standing(id)).toMatchObject({ status: 'delivered', deliveries: ['queued'], stage: null });
    await moveClock(test.databaseUrl, MINUTE);
    expect(await test.outbox.takeOverdue(10)).toEqual([]);
  });

  it('ends where its expiresAt has passed: it stays sent, and no other channel takes over', async () => {
    const test = await startOutbox();
    const id = await overdue(test, { expiresAt: inAMinute() });
    await fallBack(test);
    expect(await test.standing(id)).toMatchObject({ status: 'sent', deliveries: ['queued'], stage: null });
    expect(await test.sentences(id)).toEqual([
      'fallback after acceptance: sms accepted it, but did not report it delivered in 60 s: its expiresAt has passed, so voice does not take over any more.',
    ]);
  });
});
