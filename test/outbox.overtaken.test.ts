import { describe, expect, it } from 'vitest';
import { OVERTAKEN } from '../src/outbox/overtaken.js';
import { startLate } from './outbox.late.setup.js';
import { Provider, startTestService } from './support/service.js';
import type { Decision } from '../src/outbox/work.js';
import { DEAD_LETTER, failure, fallbackTo, RECONCILE, RETRY, startOutbox, withFallbackDue } from './outbox.setup.js';
import { startTransaction, untilSomebodyWaits } from './support/transactions.js';

const REASON = OVERTAKEN.step.reason;

describe('an attempt in flight whose notification another channel sent or delivered meanwhile', () => {
  it.each([
    ['retried', { step: RETRY }],
    ['a dead letter', { step: DEAD_LETTER }],
    ['followed by another channel', fallbackTo('voice')],
    ['looked up', { step: RECONCILE, failure: failure('unknown') }],
  ] as const)('ends there instead of being %s', async (_, follows) => {
    const test = await startOutbox();
    const id = await withFallbackDue(test);
    const work = await test.claim();
    await test.database.query(`UPDATE notifications SET status = 'sent' WHERE id = $1`, [id]);
    expect(await test.fail(work, follows)).toBe('overtaken');
    expect(await test.standing(id)).toEqual({
      status: 'sent',
      channel: 'whatsapp',
      deliveries: ['queued', 'failed'],
      stage: null,
      deadLetters: 0,
    });
    expect(await test.rows('SELECT next_step FROM failures')).toEqual([
      { next_step: { kind: 'none', reason: REASON } },
    ]);
  });

  it('leaves it on the channel that delivered it, also where another accepted it as well', async () => {
    const test = await startOutbox();
    const id = await withFallbackDue(test);
    await test.accept(await test.claim());
    await test.startDelivery(id, 'voice');
    const work = await test.claim();
    await test.database.query(`UPDATE notifications SET status = 'delivered', channel = 'whatsapp' WHERE id = $1`, [
      id,
    ]);
    expect(await test.fail(work, { step: DEAD_LETTER })).toBe('overtaken');
    expect(await test.standing(id)).toMatchObject({ status: 'delivered', channel: 'whatsapp' });
  });

  it('is told of as what it is: no dead letter, no retry', async () => {
    const test = await startOutbox();
    const id = await withFallbackDue(test);
    const work = await test.claim();
    await test.database.query(`UPDATE notifications SET status = 'sent' WHERE id = $1`, [id]);
    const attempt = { startedAt: work.attemptStartedAt, durationMs: 10 };
    test.recorder.unsuccessful({ work, attempt, failure: failure(), step: DEAD_LETTER, incidentId: work.deliveryId });
    await test.recorder.settled();
    expect(test.heard).toEqual([{ work, attempt, failure: failure(), ...OVERTAKEN }]);
  });

  it('ends there too when both happen at the same moment', async () => {
    const test = await startOutbox();
    const id = await withFallbackDue(test);
    const work = await test.claim();
    const receipt = await startTransaction(test.databaseUrl);
    await receipt.query(`UPDATE notifications SET status = 'delivered' WHERE id = $1`, [id]);
    const settling = test.fail(work, { step: DEAD_LETTER });
    await untilSomebodyWaits(test.databaseUrl);
    await receipt.query('COMMIT');
    expect(await settling).toBe('overtaken');
    expect(await test.standing(id)).toMatchObject({ status: 'delivered', stage: null, deadLetters: 0 });
  });

  it('is not taken for over by a change that is none', async () => {
    const test = await startOutbox();
    const id = await withFallbackDue(test);
    const work = await test.claim();
    const other = await startTransaction(test.databaseUrl);
    await other.query(`UPDATE notifications SET read_at = now() WHERE id = $1`, [id]);
    const settling = test.fail(work, { step: DEAD_LETTER });
    await untilSomebodyWaits(test.databaseUrl);
    await other.query('COMMIT');
    expect(await settling).toBe('settled');
    expect(await test.standing(id)).toEqual({
      status: 'failed',
      channel: 'sms',
      deliveries: ['queued', 'failed'],
      stage: null,
      deadLetters: 1,
    });
  });

  it('leaves a delivery alone that was delivered itself', async () => {
    const test = await startOutbox();
    const work = await test.lease();
    await test.database.query(`UPDATE notifications SET status = 'delivered'`);
    await test.database.query(`UPDATE deliveries SET status = 'delivered'`);
    await test.fail(work, { step: DEAD_LETTER });
    expect(await test.standing(work.notificationId)).toMatchObject({ deliveries: ['delivered'], deadLetters: 0 });
  });
});

describe('a fallback that is refused while a callback proves the channel before accepted', () => {
  it('leaves the notification on that channel', async () => {
    const test = await startLate();
    const first = await test.lease({ channels: ['whatsapp', 'sms'] });
    await test.fail(await test.takenOver(first), { ...fallbackTo('sms'), attempt: null });
    const second = await test.claim();
    // The callback has its locks, and is kept from its end; the refusal waits for them.
    const other = await startTransaction(test.databaseUrl);
    await other.query('SELECT 1 FROM deliveries WHERE id = $1 FOR UPDATE', [first.deliveryId]);
    const calledBack = test.calledBack(first);
    await untilSomebodyWaits(test.databaseUrl);
    const refused = test.fail(second, { step: DEAD_LETTER });
    await untilSomebodyWaits(test.databaseUrl, 2);
    await other.query('COMMIT');
    expect([await calledBack, await refused]).toEqual(['applied', 'overtaken']);
    expect(await test.standing(first.notificationId)).toEqual({
      status: 'sent',
      channel: 'whatsapp',
      deliveries: ['sent', 'failed'],
      stage: null,
      deadLetters: 0,
    });
  });
});

describe('the question of an unknown attempt whose notification is over', () => {
  it('ends with what is true', async () => {
    const test = await startOutbox();
    const id = await withFallbackDue(test);
    const attempted = await test.claim();
    await test.fail(attempted, { step: RECONCILE, failure: failure('unknown') });
    const asking = await test.claim();
    expect(asking).toMatchObject({ stage: 'reconcile', over: false });
    await test.database.query(`UPDATE notifications SET status = 'delivered' WHERE id = $1`, [id]);
    const decision: Decision = { rule: 'reconciliation', sentence: 'It is sent again.' };
    expect(await test.fail(asking, { step: DEAD_LETTER, attempt: null, decision })).toBe('overtaken');
    expect(await test.sentences(id)).toEqual([`overtaken: ${OVERTAKEN.decision.sentence}`]);
    expect(await test.rows('SELECT next_step FROM failures')).toEqual([
      { next_step: { kind: 'none', reason: REASON } },
    ]);
  });
});

describe('work that was left behind by a notification that is over', () => {
  it.each(['send', 'reconcile'])('ends without a request in stage %s', async (stage) => {
    const service = await startTestService({ ROLE: 'api' });
    const { api, database, simulator } = service;
    const to = '+15551230077';
    const id = await api.send({ to, channels: ['sms'], body: 'Hello' });
    await database.query(
      `UPDATE outbox SET stage = $1, delivery_number = 2, attempts = 1, attempt_id = gen_random_uuid(), attempt_started_at = now()`,
      [stage],
    );
    await database.query(`UPDATE notifications SET status = 'delivered'`);
    await service.replica({ ROLE: 'worker' });
    await expect.poll(async () => (await database.query('SELECT 1 FROM outbox')).rows).toEqual([]);
    expect(await new Provider(simulator.url).requests(to)).toEqual([]);
    const { rows } = await database.query('SELECT rule, sentence FROM decisions WHERE notification_id = $1', [id]);
    expect(rows).toEqual([OVERTAKEN.decision]);
    expect((await database.query('SELECT status FROM deliveries')).rows).toEqual([{ status: 'failed' }]);
    expect((await database.query('SELECT 1 FROM dead_letters')).rows).toEqual([]);
  });
});
