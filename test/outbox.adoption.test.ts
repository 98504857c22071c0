import { describe, expect, it } from 'vitest';
import { RECORD_ACCEPTANCE } from '../src/callbacks/apply-report.sql.js';
import type { Work } from '../src/outbox/work.js';
import { sentAgain, startLate, type LateUnderTest } from './outbox.late.setup.js';
import { DEAD_LETTER, failure, RECONCILE, RETRY, sidOf } from './outbox.setup.js';
import { moveClock } from './support/clock.js';

/** Nobody knows of either attempt, and the second one is asked for. */
async function bothInDoubt(test: LateUnderTest) {
  const { first, second } = await sentAgain(test);
  await moveClock(test.databaseUrl, 60_000);
  await test.outbox.rescue();
  return { first, second, asking: await test.claim() };
}

/** The second attempt is taken for accepted as the first one's message. */
async function mistaken() {
  const test = await startLate();
  const { first, second, asking } = await bothInDoubt(test);
  await test.adopted(asking, sidOf(first));
  expect((await test.attempts())[1]).toMatchObject({ outcome: 'accepted', sid: sidOf(first) });
  return { ...test, first, second };
}

describe('a message that the provider’s list showed for the wrong attempt', () => {
  it('is the first one’s as soon as its callback says so', async () => {
    const { calledBack, attempts, first, second, standing } = await mistaken();
    await calledBack(first);
    expect(await attempts()).toMatchObject([
      { number: 1, outcome: 'accepted', sid: sidOf(first) },
      { number: 2, outcome: 'unknown', sid: null },
    ]);
    await calledBack(second, sidOf(second), 'delivered');
    expect((await attempts())[1]).toMatchObject({ number: 2, outcome: 'accepted', sid: sidOf(second) });
    expect(await standing(first.notificationId)).toMatchObject({ status: 'delivered' });
  });

  it('is given up for its own when that is known', async () => {
    const { calledBack, answered, attempts, first, second } = await mistaken();
    await answered(second);
    expect((await attempts())[1]).toMatchObject({ number: 2, outcome: 'accepted', sid: sidOf(second), http: 201 });
    await calledBack(first);
    expect((await attempts())[0]).toMatchObject({ number: 1, outcome: 'accepted', sid: sidOf(first) });
  });

  it('takes no sid away that was proved, and is nobody else’s', async () => {
    const test = await startLate();
    const { first, second } = await sentAgain(test);
    await test.calledBack(first);
    await test.calledBack(second);
    for (const [work, shown] of [
      [second, first],
      [first, second],
    ] as const) {
      await test.adopted(work, sidOf(shown));
    }
    expect(await test.attempts()).toMatchObject([{ sid: sidOf(first) }, { sid: sidOf(second) }]);
  });

  it('does not make two of one message', async () => {
    const test = await startLate();
    const { first, second } = await sentAgain(test);
    await test.calledBack(first);
    await test.adopted(second, sidOf(first));
    expect(await test.attempts()).toMatchObject([
      { outcome: 'accepted', sid: sidOf(first) },
      { outcome: 'unknown', sid: null },
    ]);
  });

  it('is not taken where its own callback reported it failed meanwhile: the question is asked anew', async () => {
    const test = await startLate();
    const { asking, first } = await bothInDoubt(test);
    await test.calledBack(first, sidOf(first), 'undelivered');
    await test.adopted(asking, sidOf(first));
    expect(await test.attempts()).toMatchObject([
      { number: 1, outcome: 'accepted', sid: sidOf(first) },
      { number: 2, outcome: 'unknown', sid: null },
    ]);
    expect(await test.standing(first.notificationId)).toMatchObject({ status: 'queued', stage: 'reconcile' });
    expect(await test.sentences(first.notificationId)).not.toContain('reconciliation: The list shows it.');
    expect(await test.claim()).toMatchObject({ stage: 'reconcile', attemptId: asking.attemptId });
  });

  it('is not taken either where that was the question of another process by then', async () => {
    const test = await startLate();
    const { asking, first } = await bothInDoubt(test);
    await moveClock(test.databaseUrl, 60_000);
    await test.outbox.rescue();
    await test.calledBack(first, sidOf(first), 'undelivered');
    await test.adopted(asking, sidOf(first));
    expect((await test.attempts())[1]).toMatchObject({ number: 2, outcome: 'unknown', sid: null });
    expect(await test.standing(first.notificationId)).toMatchObject({ status: 'queued', stage: 'reconcile' });
  });
});

it('a message that its own callback has told of already is adopted all the same', async () => {
  const test = await startLate();
  const asking = await test.takenOver(await test.lease());
  const { attemptId, notificationId, deliveryId } = asking;
  await test.database.query(RECORD_ACCEPTANCE.text, [attemptId, notificationId, deliveryId, sidOf(asking)]);
  await test.adopted(asking, sidOf(asking));
  expect(await test.standing(notificationId)).toMatchObject({ status: 'sent', stage: null });
});

/** What became of the first delivery is unknown; a human had it sent again, and that is asked about. */
async function startRetriedInDoubt() {
  const test = await startLate();
  const first = await test.lease({ channels: ['sms'] });
  await test.fail(await test.takenOver(first), { step: DEAD_LETTER, attempt: null });
  const [letter] = await test.rows('SELECT id FROM dead_letters');
  await test.api.post(`/v1/admin/dead-letters/${String(letter?.['id'])}/retry`);
  return { test, first, asking: await test.takenOver(await test.claim()) };
}

describe('a message that the list showed for the attempt of a later delivery', () => {
  it('keeps nobody from the review queue when it fails', async () => {
    const { test, first, asking } = await startRetriedInDoubt();
    await test.adopted(asking, sidOf(first));
    expect(await test.standing(first.notificationId)).toMatchObject({ status: 'sent' });
    await test.calledBack(first, sidOf(first), 'undelivered');
    expect(await test.standing(first.notificationId)).toMatchObject({ status: 'failed', stage: null, deadLetters: 2 });
  });
});

describe('a message of an earlier delivery', () => {
  it('is not taken for the attempt of a later one by who has lost its question and did not hear of the callback', async () => {
    const { test, first, asking } = await startRetriedInDoubt();
    await test.takenOver(asking);
    await test.calledBack(first, sidOf(first), 'undelivered');
    const before = await test.attempts();
    expect(before).toMatchObject([
      { outcome: 'accepted', sid: sidOf(first) },
      { outcome: 'unknown', sid: null },
    ]);
    await test.adopted(asking, sidOf(first));
    expect(await test.attempts()).toEqual(before);
    expect(await test.standing(first.notificationId)).toMatchObject({ status: 'queued', stage: 'reconcile' });
  });
});

describe('an attempt whose own message shows after another that was taken for it had failed', () => {
  async function failedByMistake() {
    const test = await mistaken();
    await test.receiptCame(test.second, sidOf(test.first), 'undelivered');
    expect(await test.standing(test.first.notificationId)).toMatchObject({ status: 'failed', deadLetters: 1 });
    return test;
  }

  it.each([
    ['a callback', (test: LateUnderTest, work: Work) => test.calledBack(work)],
    ['a late answer', (test: LateUnderTest, work: Work) => test.answered(work)],
  ] as const)('takes it out of the review queue by %s', async (_, proved) => {
    const test = await failedByMistake();
    const { standing, rows, second } = test;
    await proved(test, second);
    expect(await standing(second.notificationId)).toMatchObject({ status: 'sent' });
    expect(await rows(`SELECT 1 FROM dead_letters WHERE state = 'open'`)).toEqual([]);
  });

  it('is in the failure history where it fails as well', async () => {
    const { calledBack, standing, rows, second } = await failedByMistake();
    await calledBack(second, sidOf(second), 'undelivered');
    expect(await standing(second.notificationId)).toMatchObject({ status: 'failed', deadLetters: 1 });
    expect(await rows('SELECT 1 FROM failures WHERE callback_id IS NOT NULL')).toHaveLength(2);
  });
});

describe('an attempt for which another message had been taken, and had failed', () => {
  it('has its own refusal in the place of what nobody knew, and the failure of the other stays', async () => {
    const { receiptCame, calledBack, refused, database, rows, first, second } = await mistaken();
    await receiptCame(second, sidOf(first), 'undelivered');
    await calledBack(first);
    // Which of its failures is found first must not matter: the one that was written first may lie behind the other.
    await database.query(`UPDATE failures SET at = at + interval '1 millisecond' WHERE callback_id IS NULL`);
    const failures = () =>
      rows('SELECT rule FROM failures WHERE attempt_id = $1 ORDER BY callback_id NULLS FIRST', [second.attemptId]);
    const [, reported] = await failures();
    await refused(second);
    expect(await failures()).toEqual([{ rule: 'Twilio code 21211' }, reported]);
  });
});

describe('a receipt that was asked for by a sid', () => {
  it('says nothing of an attempt whose message that is no longer', async () => {
    const { calledBack, receiptCame, attempts, sentences, standing, first, second } = await mistaken();
    await calledBack(first);
    await calledBack(second);
    expect(await receiptCame(second, sidOf(first), 'delivered')).toBe('repeated');
    expect(await attempts()).toMatchObject([
      { number: 1, outcome: 'accepted', sid: sidOf(first) },
      { number: 2, outcome: 'accepted', sid: sidOf(second) },
    ]);
    expect(await standing(first.notificationId)).toMatchObject({ status: 'sent' });
    expect(await sentences(first.notificationId)).not.toContain('missing receipt: It was asked.');
  });

  it('is no news where the callback came while it was asked for', async () => {
    const test = await startLate();
    const work = await test.lease();
    await test.accept(work);
    await test.calledBack(work, sidOf(work), 'delivered');
    expect(await test.receiptCame(work, sidOf(work), 'delivered')).toBe('repeated');
    expect(await test.sentences(work.notificationId)).toEqual([]);
  });
});

describe('another attempt that waits when the one before it proves accepted', () => {
  it.each([
    ['repeated', RETRY, failure()],
    ['found out', RECONCILE, failure('unknown')],
  ] as const)('is no longer promised to be %s', async (_, step, failed) => {
    const test = await startLate();
    const { first, second } = await sentAgain(test);
    await test.fail(second, { step, failure: failed });
    await test.calledBack(first);
    expect(await test.failures()).toMatchObject([
      { number: 1, next: 'reconcile' },
      { number: 2, next: 'none' },
    ]);
  });
});
