import { describe, expect, it } from 'vitest';
import type { NotificationDto } from '../src/notifications/notification.dto.js';
import { OVERTAKEN } from '../src/outbox/overtaken.js';
import type { Decision, Work } from '../src/outbox/work.js';
import { sentAgain, startLate, type LateUnderTest } from './outbox.late.setup.js';
import {
  DEAD_LETTER,
  failure,
  fallbackTo,
  RECONCILE,
  RETRY,
  sidOf,
  withFallbackDue,
  type OutboxUnderTest,
} from './outbox.setup.js';

describe('an acceptance that is known when its lease is over', () => {
  it('answers the question that another process asks', async () => {
    const test = await startLate();
    const work = await test.lease();
    const asking = await test.takenOver(work);
    await test.answered(work);
    expect(await test.standing(work.notificationId)).toMatchObject({ status: 'sent', stage: null });
    expect(await test.attempts()).toEqual([
      { number: 1, outcome: 'accepted', http: 201, sid: sidOf(work), duplicate: false },
    ]);
    expect(await test.sentences(work.notificationId)).toEqual([
      'late answer: The answer to the attempt came when its lease was over: it was accepted, and nothing is sent again.',
    ]);
    expect(await test.outbox.beginResend(asking, 'It was not there.')).toBeNull();
    expect(await test.rows('SELECT 1 FROM callbacks')).toEqual([]);
  });

  it('is what the attempt shows from then on, and its history that it was unknown once', async () => {
    const test = await startLate();
    const work = await test.lease();
    await test.takenOver(work);
    await test.answered(work);
    const shown = async () => {
      const { body } = await test.api.get<NotificationDto>(`/v1/notifications/${work.notificationId}`);
      return body.deliveries[0]?.attempts[0];
    };
    expect(await shown()).toMatchObject({
      outcome: 'accepted',
      httpStatus: 201,
      errorClass: null,
      nextStep: { kind: 'none' },
    });
    await test.calledBack(work, sidOf(work), 'undelivered', 30_003);
    expect(await shown()).toMatchObject({
      outcome: 'accepted',
      errorClass: 'recipient_unreachable',
      providerCode: 30_003,
    });
    expect(await test.failures()).toMatchObject([{ rule: 'the lease expired' }, { code: 30_003 }]);
  });

  it('takes what was given up out of the review queue', async () => {
    const test = await startLate();
    const work = await test.lease();
    await test.fail(await test.takenOver(work), { step: DEAD_LETTER, attempt: null });
    expect(await test.standing(work.notificationId)).toMatchObject({ status: 'failed', deadLetters: 1 });
    await test.answered(work);
    expect(await test.standing(work.notificationId)).toMatchObject({ status: 'sent', stage: null });
    expect(await test.rows('SELECT state, resolution FROM dead_letters')).toEqual([
      { state: 'resolved', resolution: 'discarded' },
    ]);
    expect(await test.sentences(work.notificationId)).toContain(
      'late answer: The answer to the attempt came when its lease was over: it was accepted after all; no human needs to look at it.',
    );
  });

  it('drops the fallback that was decided meanwhile', async () => {
    const test = await startLate();
    const work = await test.lease({ channels: ['whatsapp', 'sms'] });
    await test.fail(await test.takenOver(work), { ...fallbackTo('sms'), attempt: null });
    await test.answered(work);
    expect(await test.standing(work.notificationId)).toEqual({
      status: 'sent',
      channel: 'whatsapp',
      deliveries: ['sent', 'canceled'],
      stage: null,
      deadLetters: 0,
    });
  });

  it('tells of the duplicate where it was sent again meanwhile', async () => {
    const test = await startLate();
    const { first, second } = await sentAgain(test);
    await test.accept(second);
    await test.answered(first);
    expect(await test.attempts()).toMatchObject([
      { number: 1, outcome: 'accepted', sid: sidOf(first), duplicate: false },
      { number: 2, outcome: 'accepted', sid: sidOf(second), duplicate: true },
    ]);
    expect(await test.sentences(first.notificationId)).toContain(
      'late answer: The answer to the attempt came when its lease was over: it was accepted although it was sent again; the recipient gets it twice.',
    );
  });

  it('is no more than its details where a callback was faster', async () => {
    const test = await startLate();
    const work = await test.lease();
    await test.calledBack(work);
    await test.answered(work);
    expect(await test.attempts()).toEqual([
      { number: 1, outcome: 'accepted', http: 201, sid: sidOf(work), duplicate: false },
    ]);
    expect(await test.sentences(work.notificationId)).toEqual([]);
  });
});

describe('an attempt in flight when the one before it proves accepted', () => {
  it.each([
    ['a callback', (test: LateUnderTest, first: Work) => test.calledBack(first)],
    ['a late answer', (test: LateUnderTest, first: Work) => test.answered(first)],
  ])('by %s is on disk, whether its answer comes or not', async (_, proved) => {
    const test = await startLate();
    const { first, second } = await sentAgain(test);
    await proved(test, first);
    expect(await test.standing(first.notificationId)).toMatchObject({ status: 'sent', stage: null });
    expect((await test.attempts())[1]).toEqual({
      number: 2,
      outcome: 'unknown',
      http: null,
      sid: null,
      duplicate: true,
    });
    expect((await test.failures())[1]).toMatchObject({
      number: 2,
      outcome: 'unknown',
      rule: 'no answer yet',
      next: 'none',
    });
    expect(await test.calledBack(second)).toBe('applied');
    expect((await test.attempts())[1]).toMatchObject({
      number: 2,
      outcome: 'accepted',
      sid: sidOf(second),
      duplicate: true,
    });
  });

  it('has what the provider answered in the failure history, once', async () => {
    const test = await startLate();
    const { first, second } = await sentAgain(test);
    await test.calledBack(first);
    await test.refused(second);
    expect((await test.attempts())[1]).toMatchObject({ number: 2, outcome: 'rejected', http: 400 });
    expect(await test.failures()).toMatchObject([
      { number: 1, rule: 'the lease expired' },
      {
        number: 2,
        outcome: 'rejected',
        http: 400,
        code: 21_211,
        class: 'invalid_request',
        rule: 'Twilio code 21211',
        next: 'none',
      },
    ]);
    expect(await test.standing(first.notificationId)).toMatchObject({ status: 'sent', stage: null, deadLetters: 0 });
    expect(test.heard).toEqual([]);
  });

  it('makes what a human sends after a failure a possible duplicate', async () => {
    const test = await startLate();
    const { first } = await sentAgain(test);
    await test.calledBack(first);
    await test.calledBack(first, sidOf(first), 'undelivered');
    const [letter] = await test.rows(`SELECT id FROM dead_letters WHERE state = 'open'`);
    await test.api.post(`/v1/admin/dead-letters/${String(letter?.['id'])}/retry`);
    expect(await test.rows('SELECT possible_duplicate FROM outbox')).toEqual([{ possible_duplicate: true }]);
  });
});

it('what the question of an attempt comes to is shown with that attempt, not with one that a callback reported failed', async () => {
  const test = await startLate();
  const { first, second } = await sentAgain(test);
  const asking = await test.takenOver(second);
  await test.calledBack(first, sidOf(first), 'undelivered', 30_003);
  await test.fail(asking, { step: DEAD_LETTER, attempt: null });
  expect(await test.failures()).toMatchObject([
    { number: 1, rule: 'the lease expired', next: 'reconcile' },
    { number: 1, code: 30_003, next: 'none' },
    { number: 2, rule: 'the lease expired', next: 'dead_letter' },
  ]);
});

describe('a refusal that is known when its lease is over', () => {
  it('takes the place of what nobody knew, for whoever has the question', async () => {
    const test = await startLate();
    const work = await test.lease();
    const asking = await test.takenOver(work);
    await test.refused(work);
    expect(await test.attempts()).toMatchObject([{ outcome: 'rejected', http: 400 }]);
    expect(await test.failures()).toEqual([
      {
        number: 1,
        outcome: 'rejected',
        http: 400,
        code: 21_211,
        class: 'invalid_request',
        rule: 'Twilio code 21211',
        next: 'reconcile',
      },
    ]);
    expect(await test.rows('SELECT provider_message, provider_body FROM failures')).toEqual([
      { provider_message: 'Invalid To', provider_body: '{"code":21211}' },
    ]);
    expect(test.heard).toEqual([]);
    expect(await test.rows('SELECT stage, lease_token FROM outbox')).toEqual([
      { stage: 'reconcile', lease_token: asking.leaseToken },
    ]);
  });

  it('is no more than the details of an attempt that proved accepted', async () => {
    const test = await startLate();
    const work = await test.lease();
    await test.calledBack(work);
    await test.refused(work);
    expect(await test.attempts()).toMatchObject([{ outcome: 'accepted', http: 400, sid: sidOf(work) }]);
    expect(await test.rows('SELECT duration_ms FROM attempts')).toEqual([{ duration_ms: 10 }]);
    expect(await test.failures()).toEqual([]);
  });

  it('is no more than that, too, where nobody knew of the attempt until it proved accepted', async () => {
    const test = await startLate();
    const work = await test.lease();
    await test.takenOver(work);
    await test.calledBack(work);
    await test.refused(work);
    expect(await test.attempts()).toMatchObject([{ outcome: 'accepted', http: 400, sid: sidOf(work) }]);
    expect(await test.rows('SELECT duration_ms FROM attempts')).toEqual([{ duration_ms: 10 }]);
    expect(await test.failures()).toMatchObject([{ outcome: 'unknown', rule: 'the lease expired' }]);
  });
});

describe('a failure that is on disk already, by a write whose answer was lost', () => {
  const written = async (test: OutboxUnderTest, work: Work, step = DEAD_LETTER) => {
    const attempt = { startedAt: work.attemptStartedAt, durationMs: 10 };
    const result = { work, attempt, failure: failure('unknown'), step };
    await test.outbox.settleUnsuccessful(result);
    test.recorder.unsuccessful(result);
    await test.recorder.settled();
    return result;
  };

  it.each([
    ['a dead letter', DEAD_LETTER],
    ['a question', RECONCILE],
    ['a retry', RETRY],
  ])('is told of as what it is: %s', async (_, step) => {
    const test = await startLate();
    const result = await written(test, await test.lease(), step);
    expect(test.heard).toEqual([result]);
    expect(await test.failures()).toHaveLength(1);
  });

  it.each([
    ['a dead letter', { step: DEAD_LETTER }],
    ['another channel', fallbackTo('sms')],
  ])('is told of where the question of an attempt had ended with %s', async (_, follows) => {
    const test = await startLate();
    const work = await test.takenOver(await test.lease({ channels: ['whatsapp', 'sms'] }));
    const decision: Decision = { rule: 'reconciliation', sentence: 'It is not there.' };
    const result = { work, attempt: null, failure: failure('unknown'), decision, ...follows };
    await test.outbox.settleUnsuccessful(result);
    test.recorder.unsuccessful(result);
    await test.recorder.settled();
    expect(test.heard).toEqual([result]);
  });

  it('is told of as overtaken where it was', async () => {
    const test = await startLate();
    const id = await withFallbackDue(test);
    const work = await test.claim();
    await test.database.query(`UPDATE notifications SET status = 'delivered' WHERE id = $1`, [id]);
    const { attempt, failure: failed } = await written(test, work);
    expect(test.heard).toEqual([{ work, attempt, failure: failed, ...OVERTAKEN }]);
  });
});

it('work that is given back when its lease is over stays with whoever has it now', async () => {
  const test = await startLate();
  const work = await test.lease();
  const asking = await test.takenOver(work);
  await test.outbox.giveBack([work]);
  const { notificationId, attemptId, leaseToken } = asking;
  expect(await test.rows('SELECT stage, attempt_id, lease_token FROM outbox')).toEqual([
    { stage: 'reconcile', attempt_id: attemptId, lease_token: leaseToken },
  ]);
  await test.accept(asking);
  expect(await test.standing(notificationId)).toMatchObject({ status: 'sent', stage: null });
});
