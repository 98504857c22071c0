import { describe, expect, it } from 'vitest';
import { retriedTo, sentAgain, startLate, type LateUnderTest } from './outbox.late.setup.js';
import { DEAD_LETTER, sidOf } from './outbox.setup.js';
import { moveClock } from './support/clock.js';

const over = ({ rows }: LateUnderTest) =>
  rows('SELECT status, provider_sid AS sid, ended_at IS NOT NULL AS ended FROM deliveries ORDER BY number');

describe('a delivery that a human has corrected since', () => {
  it('stays delivered where another attempt of it proves accepted as well', async () => {
    const test = await startLate();
    const { first, second } = await sentAgain(test);
    await test.fail(await test.takenOver(second), { step: DEAD_LETTER, attempt: null });
    await retriedTo(test, '+15551239999');
    await test.calledBack(first, sidOf(first), 'delivered');
    await test.calledBack(second, sidOf(second), 'sent');
    expect(await test.standing(first.notificationId)).toMatchObject({
      status: 'queued',
      deliveries: ['delivered', 'queued'],
    });
  });

  it('fails without a word of its acceptance, and the corrected one stays sent', async () => {
    const test = await startLate();
    const work = await test.lease({ channels: ['sms'] });
    await test.fail(await test.takenOver(work), { step: DEAD_LETTER, attempt: null });
    await retriedTo(test, '+15551239999');
    await test.accept(await test.claim());
    const before = [await over(test), await test.sentences(work.notificationId)];
    await test.calledBack(work, sidOf(work), 'undelivered', 30_003);
    expect([await over(test), await test.sentences(work.notificationId)]).toEqual(before);
    expect(await test.standing(work.notificationId)).toMatchObject({ status: 'sent', deadLetters: 1 });
  });

  it('is delivered after all where it had failed, and the corrected one is still to come', async () => {
    const test = await startLate();
    const work = await test.lease({ channels: ['sms'] });
    await test.accept(work);
    await test.calledBack(work, sidOf(work), 'undelivered', 30_007);
    await retriedTo(test, '+15551239999');
    await test.calledBack(work, sidOf(work), 'sent');
    expect(await test.standing(work.notificationId)).toMatchObject({ deliveries: ['failed', 'queued'] });
    await test.calledBack(work, sidOf(work), 'delivered');
    expect(await test.standing(work.notificationId)).toMatchObject({
      status: 'queued',
      deliveries: ['delivered', 'queued'],
      stage: 'send',
    });
  });
});

describe('an attempt at the corrected recipient that is in flight when the one before it proves accepted', () => {
  it('is written down with when it began, and whom it was sent to', async () => {
    const test = await startLate();
    const work = await test.lease({ channels: ['sms'] });
    await test.fail(await test.takenOver(work), { step: DEAD_LETTER, attempt: null });
    const to = '+15551239999';
    await retriedTo(test, to);
    const third = await test.claim();
    const fourth = await test.outbox.beginResend(await test.takenOver(third), 'It was not there.');
    await moveClock(test.databaseUrl, 5000);
    await test.calledBack(third);
    expect(
      await test.rows(
        `SELECT a.number, a.started_at AS began, f.recipient FROM attempts a JOIN failures f ON f.attempt_id = a.id
         WHERE a.id = $1`,
        [fourth?.attemptId],
      ),
    ).toEqual([{ number: 2, began: fourth?.attemptStartedAt, recipient: to }]);
  });
});

it('an attempt at the corrected recipient whose lease runs out is written down with whom it was sent to', async () => {
  const test = await startLate();
  const [recipient, to] = ['+15551230001', '+15551239999'];
  await test.fail(await test.lease({ recipient, channels: ['sms'] }), { step: DEAD_LETTER });
  await retriedTo(test, to);
  await test.takenOver(await test.claim());
  expect(await test.rows('SELECT recipient, rule FROM failures ORDER BY id')).toEqual([
    { recipient, rule: 'HTTP status 400' },
    { recipient: to, rule: 'the lease expired' },
  ]);
});
