import { describe, expect, it } from 'vitest';
import { RECORD_ACCEPTANCE } from '../src/callbacks/apply-report.sql.js';
import type { Work } from '../src/outbox/work.js';
import type { NextStep } from '../src/policy/next-step.js';
import {
  DEAD_LETTER,
  failure,
  fallbackTo,
  RECONCILE,
  RETRY,
  sidOf,
  startOutbox,
  withFallbackDue,
  type OutboxUnderTest,
} from './outbox.setup.js';
import { moveClock } from './support/clock.js';
import { Provider, startTestService } from './support/service.js';
import { startTransaction, untilSomebodyWaits } from './support/transactions.js';

describe('a fallback', () => {
  it('is a possible duplicate where the attempt before it may have been accepted', async () => {
    const test = await startOutbox();
    const asked = await test.lease();
    await test.fail(asked, { step: RECONCILE, failure: failure('unknown') });
    await test.fail(await test.claim(), { ...fallbackTo('voice'), attempt: null });
    expect(await test.claim()).toMatchObject({ channel: 'voice', possibleDuplicate: true });
  });

  it('is one too where that attempt is recorded in the same moment', async () => {
    const test = await startOutbox();
    await test.fail(await test.lease(), { ...fallbackTo('voice'), failure: failure('unknown') });
    expect(await test.claim()).toMatchObject({ channel: 'voice', possibleDuplicate: true });
  });

  it('is still one where a channel before that one had it accepted', async () => {
    const test = await startOutbox();
    await withFallbackDue(test);
    await test.fail(await test.claim(), fallbackTo('voice'));
    expect(await test.claim()).toMatchObject({ channel: 'voice', possibleDuplicate: true });
  });

  it('is one where it takes over from a channel that has it accepted and is still watched', async () => {
    const test = await startOutbox();
    const first = await test.lease({ channels: ['whatsapp', 'sms'], fallbackAfterSeconds: 60 });
    await test.accept(first);
    expect(await test.standing(first.notificationId)).toMatchObject({ stage: 'await_delivery' });
    await test.startDelivery(first.notificationId, 'sms');
    expect(await test.claim()).toMatchObject({ channel: 'sms', possibleDuplicate: true });
  });

  it.each([
    ['is refused', (test: OutboxUnderTest, work: Work) => test.fail(work, fallbackTo('sms'))],
    [
      'has it accepted and is still watched',
      async (test: OutboxUnderTest, work: Work) => {
        await test.accept(work);
        await test.startDelivery(work.notificationId, 'sms');
      },
    ],
  ])('begins with all its retries, whatever the channel before it had spent that %s', async (_, ends) => {
    const test = await startOutbox();
    await test.fail(await test.lease({ channels: ['whatsapp', 'sms'], fallbackAfterSeconds: 60 }), { step: RETRY });
    const step = { ...RECONCILE, exhausted: true };
    await test.fail(await test.claim(), { step, failure: failure('unknown'), lookups: 1 });
    await ends(test, await test.claim());
    expect(await test.claim()).toMatchObject({
      channel: 'sms',
      attemptNumber: 1,
      retries: 0,
      waitedMs: 0,
      lookups: 0,
      exhausted: false,
    });
  });

  it('is none where everything before it was surely refused', async () => {
    const test = await startOutbox();
    await test.fail(await test.lease(), { step: RETRY });
    await test.fail(await test.claim(), fallbackTo('voice'));
    expect(await test.claim()).toMatchObject({ channel: 'voice', possibleDuplicate: false });
  });

  it('that is taken back unsent changes nothing of how the channel before it came to its end', async () => {
    const test = await startOutbox();
    const work = await test.lease();
    await test.fail(work, fallbackTo('voice'));
    const decided = `SELECT next_step ->> 'kind' AS next FROM failures`;
    expect(await test.rows(decided)).toEqual([{ next: 'fallback' }]);
    expect(await test.outbox.cancel(work.notificationId)).toBe(true);
    expect(await test.rows(decided)).toEqual([{ next: 'fallback' }]);
  });
});

describe('a fallback whose recipient opted out', () => {
  const NOTHING_FOLLOWS: NextStep = { kind: 'none', reason: 'The recipient opted out of this sender.' };
  const KNOWN_BEFORE = { step: NOTHING_FOLLOWS, attempt: null, failure: null };

  it.each([
    ['before it was sent', KNOWN_BEFORE],
    ['as the provider answers', { step: NOTHING_FOLLOWS }],
  ])('%s, ends alone where the channel before it has it accepted', async (_, ends) => {
    const test = await startOutbox();
    const id = await withFallbackDue(test);
    expect(await test.fail(await test.claim(), ends)).toBe('settled');
    expect(await test.standing(id)).toEqual({
      status: 'sent',
      channel: 'whatsapp',
      deliveries: ['queued', 'failed'],
      stage: null,
      deadLetters: 0,
    });
  });

  it('ends the notification where the channel before it failed', async () => {
    const test = await startOutbox();
    const id = await withFallbackDue(test, {}, 'failed');
    await test.fail(await test.claim(), KNOWN_BEFORE);
    expect(await test.standing(id)).toMatchObject({ status: 'failed', channel: 'sms', stage: null, deadLetters: 0 });
  });

  it('ends the notification, too, where the channel before it fails at the same moment', async () => {
    const test = await startOutbox();
    const id = await withFallbackDue(test);
    const work = await test.claim();
    const callback = await startTransaction(test.databaseUrl);
    await callback.query('SELECT 1 FROM outbox WHERE notification_id = $1 FOR UPDATE', [id]);
    const ended = test.fail(work, KNOWN_BEFORE);
    await untilSomebodyWaits(test.databaseUrl);
    await callback.query(
      `UPDATE deliveries SET status = 'failed' WHERE notification_id = $1 AND channel = 'whatsapp'`,
      [id],
    );
    await callback.query('COMMIT');
    await ended;
    expect(await test.standing(id)).toMatchObject({ status: 'failed', deliveries: ['failed', 'failed'], stage: null });
  });

  it.each([
    ['said something else', { content: { body: 'Corrected' } }],
    ['went to somebody else', { to: '+15551230002' }],
  ])('ends the notification where what was accepted %s', async (_, changes) => {
    const test = await startOutbox();
    const id = await withFallbackDue(test);
    await test.database.query('UPDATE deliveries SET changes = $1 WHERE notification_id = $2 AND number = 2', [
      JSON.stringify(changes),
      id,
    ]);
    await test.fail(await test.claim(), KNOWN_BEFORE);
    expect(await test.standing(id)).toMatchObject({ status: 'failed', channel: 'sms', stage: null });
  });
});

describe('the time that a receipt is given', () => {
  const AFTER_A_MINUTE = { channels: ['sms', 'voice'], fallbackAfterSeconds: 60 } as const;

  it('runs while another channel is left', async () => {
    const test = await startOutbox();
    const work = await test.lease(AFTER_A_MINUTE);
    await test.accept(work);
    expect(await test.standing(work.notificationId)).toMatchObject({ status: 'sent', stage: 'await_delivery' });
  });

  it('does not run on the last channel: there is nothing that could follow', async () => {
    const test = await startOutbox();
    const first = await test.lease(AFTER_A_MINUTE);
    await test.fail(first, fallbackTo('voice'));
    await test.accept(await test.claim());
    expect(await test.standing(first.notificationId)).toMatchObject({ status: 'sent', channel: 'voice', stage: null });
  });
});

/** Work of a retry with everything corrected. */
async function leaseCorrected(test: OutboxUnderTest) {
  await test.enqueue({ recipient: '+15551230001' });
  await test.database.query(`UPDATE deliveries SET changes = $1`, [
    JSON.stringify({ to: '+15551230002', from: '+15005550099', content: { body: 'Good day' } }),
  ]);
  await test.database.query('UPDATE outbox SET delivery_number = NULL');
  return test.claim();
}

describe("a human's corrections", () => {
  it('stay when another channel takes over, except for the sender, which was the old channel’s', async () => {
    const test = await startOutbox();
    await test.fail(await leaseCorrected(test), fallbackTo('voice'));
    expect(await test.claim()).toMatchObject({
      channel: 'voice',
      changes: { to: '+15551230002', content: { body: 'Good day' } },
      sender: '+15005550006',
    });
    const { rows } = await test.database.query(`SELECT changes FROM deliveries WHERE channel = 'voice'`);
    expect(rows).toEqual([{ changes: { to: '+15551230002', content: { body: 'Good day' } } }]);
  });

  it('stay when another channel takes over because the receipt does not come', async () => {
    const service = await startTestService({}, { callbacks: 'none' });
    const { api, database, simulator } = service;
    const provider = new Provider(simulator.url);
    const [wrong, to] = ['+15551230061', '+15551230062'];
    await provider.fail(`whatsapp:${wrong}`, { fault: { kind: 'status', status: 400, code: 21211 } });
    await provider.fail(`whatsapp:${to}`, { fault: { kind: 'callback', status: 'sent' } });
    const id = await api.send({ to: wrong, channels: ['whatsapp', 'sms'], body: 'Hello', fallbackAfterSeconds: 600 });
    const { deadLetter } = await api.untilStatus(id, 'failed');
    await api.post(`/v1/admin/dead-letters/${deadLetter?.id}/retry`, { changes: { to, body: 'Good day' } });
    await api.untilStatus(id, 'sent');
    await expect
      .poll(async () => (await database.query('SELECT stage FROM outbox')).rows)
      .toEqual([{ stage: 'await_delivery' }]);
    await moveClock(service.databaseUrl, 601_000);
    await api.until(id, ({ status, deliveries }) => status === 'sent' && deliveries.length === 3);
    expect((await provider.creates(to)).at(-1)?.params).toMatchObject({ To: to, Body: 'Good day' });
    expect(await provider.creates(wrong)).toHaveLength(1);
  });

  it.each([
    ['whoever it was meant for at first', '+15551230001', false],
    ['whom they name', '+15551230002', true],
  ])('ask for what is remembered of the recipient: %s opted out', async (_, optedOut, suppressed) => {
    const test = await startOutbox();
    await test.database.query(
      `INSERT INTO suppressions (id, sender, recipient, reason, created_at)
       VALUES (gen_random_uuid(), '+15005550006', $1, 'STOP', now())`,
      [optedOut],
    );
    expect(await leaseCorrected(test)).toMatchObject({ recipient: '+15551230001', suppressed });
  });

  it('are what the failure history names as the recipient', async () => {
    const test = await startOutbox();
    await test.fail(await leaseCorrected(test), { step: RETRY });
    await test.claim();
    await moveClock(test.databaseUrl, 60_000);
    await test.outbox.rescue();
    const { rows } = await test.database.query('SELECT rule, recipient FROM failures ORDER BY id');
    expect(rows).toEqual([
      { rule: 'HTTP status 400', recipient: '+15551230002' },
      { rule: 'the lease expired', recipient: '+15551230002' },
    ]);
  });
});

describe('an attempt that a callback or a rescuer wrote first', () => {
  it('is a possible duplicate all the same when its answer is recorded', async () => {
    const test = await startOutbox();
    await test.enqueue();
    await test.database.query('UPDATE outbox SET possible_duplicate = true');
    const work = await test.claim();
    await test.database.query(
      `INSERT INTO attempts (id, notification_id, delivery_id, number, started_at, outcome)
       VALUES ($1, $2, $3, 1, now(), 'accepted')`,
      [work.attemptId, work.notificationId, work.deliveryId],
    );
    await test.accept(work);
    expect(await test.rows('SELECT possible_duplicate FROM attempts')).toEqual([{ possible_duplicate: true }]);
  });

  it('is as it was told when its answer is a failure, which is in the history', async () => {
    const test = await startOutbox();
    const work = await test.lease();
    await test.database.query(RECORD_ACCEPTANCE.text, [
      work.attemptId,
      work.notificationId,
      work.deliveryId,
      sidOf(work),
    ]);
    expect(await test.fail(work, { step: DEAD_LETTER })).toBe('settled');
    expect(await test.rows('SELECT outcome, provider_sid AS sid FROM attempts')).toEqual([
      { outcome: 'accepted', sid: sidOf(work) },
    ]);
    expect(await test.rows('SELECT outcome FROM failures')).toEqual([{ outcome: 'rejected' }]);
  });
});

describe('what is sent again', () => {
  it('has no ambiguous look behind it', async () => {
    const test = await startOutbox();
    await test.fail(await test.lease(), { step: RECONCILE, failure: failure('unknown') });
    await test.fail(await test.claim(), { step: RECONCILE, attempt: null, lookups: 1 });
    const asked = await test.claim();
    expect(asked.lookups).toBe(1);
    const resent = await test.outbox.beginResend(asked, 'It is not there.');
    expect(resent).toMatchObject({ stage: 'send', lookups: 0 });
  });
});
