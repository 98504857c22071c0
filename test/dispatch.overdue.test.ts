import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { OverdueFallback } from '../src/dispatch/overdue.fallback.js';
import { startLate } from './outbox.late.setup.js';
import { fallbackTo, RETRY, sidOf, startOutbox, type OutboxUnderTest } from './outbox.setup.js';
import { refuseDecisions } from './support/bad-row.js';
import { moveClock } from './support/clock.js';
import { keepLines } from './support/log.lines.js';
import { handsOn } from './support/operator.js';
import { partOf } from './support/part-of.js';
import { startTestService } from './support/service.js';

const MINUTE = 60_000;

/** Accepted by SMS, and overdue. */
async function overdue(test: OutboxUnderTest, count = 1): Promise<string[]> {
  const ids: string[] = [];
  for (let number = 0; number < count; number += 1) {
    const work = await test.lease({ channels: ['sms', 'voice'], fallbackAfterSeconds: 60 });
    await test.accept(work);
    ids.push(work.notificationId);
  }
  await moveClock(test.databaseUrl, 2 * MINUTE);
  return ids;
}

const idsOf = (taken: readonly { notificationId: string }[]) => taken.map(({ notificationId }) => notificationId);

describe('overdue deliveries', () => {
  it('are taken by one worker each, however many look at once', async () => {
    const test = await startOutbox();
    const ids = await overdue(test, 5);
    const [some, others] = await Promise.all([test.outbox.takeOverdue(3), test.outbox.takeOverdue(3)]);
    expect([...idsOf(some), ...idsOf(others)].toSorted()).toEqual(ids.toSorted());
    expect(await test.outbox.takeOverdue(3)).toEqual([]);
  });

  it('are taken by another worker where the first one died', async () => {
    const test = await startOutbox();
    const [id] = await overdue(test);
    expect(idsOf(await test.outbox.takeOverdue(3))).toEqual([id]);
    await moveClock(test.databaseUrl, MINUTE);
    const [again] = await test.outbox.takeOverdue(3);
    if (!again) throw new Error('It was lost');
    await partOf(test.service, OverdueFallback).fallBack(again);
    expect(await test.standing(again.notificationId)).toMatchObject({ status: 'queued', channel: 'voice' });
  });

  it('are left to the second worker where the first one comes back late', async () => {
    const test = await startOutbox();
    await overdue(test);
    const [first] = await test.outbox.takeOverdue(3);
    await moveClock(test.databaseUrl, MINUTE);
    const [second] = await test.outbox.takeOverdue(3);
    if (!first || !second) throw new Error('It was lost');
    const fallbacks = partOf(test.service, OverdueFallback);
    await fallbacks.fallBack(first);
    expect(await test.standing(first.notificationId)).toMatchObject({ status: 'sent', stage: 'await_delivery' });
    await fallbacks.fallBack(second);
    expect(await test.standing(first.notificationId)).toMatchObject({
      status: 'queued',
      deliveries: ['queued', 'queued'],
    });
  });

  it('lead to no other channel where the one before has delivered it meanwhile', async () => {
    const test = await startLate();
    const whatsapp = await test.lease({ channels: ['whatsapp', 'sms', 'voice'], fallbackAfterSeconds: 60 });
    await test.accept(whatsapp);
    await test.startDelivery(whatsapp.notificationId, 'sms');
    const sms = await test.claim();
    await test.calledBack(whatsapp, sidOf(whatsapp), 'delivered');
    await test.accept(sms);
    expect(await test.standing(sms.notificationId)).toMatchObject({ status: 'delivered', stage: 'await_delivery' });
    await moveClock(test.databaseUrl, 2 * MINUTE);
    for (const taken of await test.outbox.takeOverdue(3)) await partOf(test.service, OverdueFallback).fallBack(taken);
    expect(await test.standing(sms.notificationId)).toMatchObject({ status: 'delivered', stage: null });
    expect((await test.sentences(sms.notificationId)).join()).not.toContain('voice');
  });

  it('go past a channel that was refused before it was called off', async () => {
    const test = await startLate();
    const whatsapp = await test.lease({ channels: ['whatsapp', 'sms', 'voice'], fallbackAfterSeconds: 60 });
    await test.fail(await test.takenOver(whatsapp), { ...fallbackTo('sms'), attempt: null });
    await test.fail(await test.claim(), { step: RETRY });
    await test.answered(whatsapp);
    const { notificationId } = whatsapp;
    expect(await test.standing(notificationId)).toMatchObject({ status: 'sent', deliveries: ['sent', 'canceled'] });
    await moveClock(test.databaseUrl, 2 * MINUTE);
    for (const taken of await test.outbox.takeOverdue(3)) await partOf(test.service, OverdueFallback).fallBack(taken);
    expect(await test.claim()).toMatchObject({ channel: 'voice', tried: ['whatsapp', 'sms'] });
  });

  it('are asked for at the provider once by all workers together', async () => {
    const test = await startTestService({}, { callbacks: 'none' });
    const { provider } = handsOn(test);
    await test.replica({ ROLE: 'worker' });
    const to = '+15551230001';
    const id = await test.api.send({ to, channels: ['whatsapp', 'sms'], body: 'Hello', fallbackAfterSeconds: 60 });
    await test.api.untilStatus(id, 'sent');
    await provider.fail('*', { match: { resource: 'fetch' }, fault: { kind: 'no_answer' } });
    await moveClock(test.databaseUrl, 2 * MINUTE);
    await test.api.until(id, ({ channel }) => channel === 'sms');
    const response = await fetch(`${test.simulator.url}/__simulator/requests?limit=1000`);
    const { requests } = (await response.json()) as { requests: { method: string }[] };
    expect(requests.filter(({ method }) => method === 'GET')).toHaveLength(1);
  });
});

describe('overdue deliveries that cannot be looked after', () => {
  it('hold up none behind them, are told by their ids, and are looked at again', async () => {
    const test = await startTestService({ ROLE: 'api', RECEIPT_CHECK_MINUTES: '0' }, { callbacks: 'none' });
    const { destination, lines } = keepLines();
    await test.replica({ ROLE: 'worker' }, pino({ level: 'error' }, destination));
    const overdueAfter = async (seconds: number) => {
      const body = { to: '+15551230001', channels: ['whatsapp', 'sms'], body: 'Secret 493021' };
      const id = await test.api.send({ ...body, fallbackAfterSeconds: seconds });
      await test.api.untilStatus(id, 'sent');
      return id;
    };
    const bad = await Promise.all(Array.from({ length: 10 }, () => overdueAfter(60)));
    const { mend } = await refuseDecisions(test.database, bad);
    const good = await overdueAfter(90);
    await moveClock(test.databaseUrl, 2 * MINUTE);
    await test.api.until(good, ({ channel }) => channel === 'sms');
    await expect.poll(() => bad.filter((id) => !lines.join('').includes(id))).toEqual([]);
    expect(lines.join('')).not.toMatch(/493021|5551230001/);
    await mend();
    await moveClock(test.databaseUrl, MINUTE);
    for (const id of bad) await test.api.until(id, ({ channel }) => channel === 'sms');
  });
});
