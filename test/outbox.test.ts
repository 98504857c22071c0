import { once } from 'node:events';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { NotificationIntake } from '../src/outbox/notification.intake.js';
import { Outbox } from '../src/outbox/outbox.js';
import { PRIORITY, type Work } from '../src/outbox/work.js';
import type { Worker } from '../src/outbox/worker.js';
import { startOutbox } from './outbox.setup.js';
import { newNotifications } from './support/new-notifications.js';
import { startTestService } from './support/service.js';

const first = <T>([item]: readonly T[]): T => {
  if (item === undefined) throw new Error('There is none');
  return item;
};

describe('a claim', () => {
  it.each([
    ['2026-11-28 11:15:53.000+00', '2026-11-28T11:15:53.000Z'],
    ['2026-11-28 11:15:53.123+00', '2026-11-28T11:15:53.123Z'],
    ['2026-11-28 11:15:53.999999+00', '2026-11-28T11:15:53.999Z'],
    ['2034-02-03 04:05:06.001+00', '2034-02-03T04:05:06.001Z'],
  ])('tells the time %s to the millisecond', async (stored, told) => {
    const { service, database } = await startTestService({ ROLE: 'api' });
    const outbox = service.app.get(Outbox);
    await service.app.get(NotificationIntake).enqueue(first(newNotifications(1)));
    await database.query(`UPDATE notifications SET created_at = '${stored}'`);
    await database.query(`UPDATE outbox SET expires_at = timestamptz '${stored}' + interval '40 years'`);
    const work = first(await outbox.claim(1));
    const expiresAt = told.replace(/^\d{4}/, (year) => String(Number(year) + 40));
    expect(work.createdAt.toISOString()).toBe(told);
    expect(work.expiresAt?.toISOString()).toBe(expiresAt);
    const { rows } = await database.query<{ at: Date }>('SELECT attempt_started_at AS at FROM outbox');
    expect(work.attemptStartedAt).toEqual(rows[0]?.at);
  });

  it('says of a later delivery what was tried before it and what a human changed', async () => {
    const { service, database } = await startTestService({ ROLE: 'api' });
    const outbox = service.app.get(Outbox);
    const notification = first(newNotifications(1));
    await service.app.get(NotificationIntake).enqueue(notification);
    await database.query(
      `WITH next AS (
         INSERT INTO deliveries (id, notification_id, number, channel, status, sender, changes)
         VALUES (gen_random_uuid(), $1, 2, 'voice', 'queued', '+15005550006', '{"to": "+15551230002"}') RETURNING id
       )
       UPDATE outbox SET delivery_id = (SELECT id FROM next), delivery_number = 2, channel = 'voice'`,
      [notification.id],
    );
    const work = first(await outbox.claim(1));
    expect(work).toMatchObject({ channel: 'voice', tried: ['sms'], changes: { to: '+15551230002' }, attemptNumber: 1 });
  });
});

describe('a sendAt in the past', () => {
  const LONG_AGO = '2000-01-01T00:00:00.000Z';

  it('counts as now: nothing that waits already is overtaken, and nothing is late', async () => {
    const test = await startOutbox();
    const otp = await test.enqueue({ category: 'otp' });
    const late = await test.enqueue({ category: 'marketing', sendAt: new Date(LONG_AGO) });
    const due = (await test.outbox.backlog()).filter(({ depth }) => depth > 0);
    expect(due.map(({ priority }) => priority)).toEqual([PRIORITY.otp, PRIORITY.marketing]);
    for (const { oldestSeconds } of due) expect(oldestSeconds).toBeLessThan(60);
    expect([(await test.claim()).notificationId, (await test.claim()).notificationId]).toEqual([otp, late]);
  });

  it('is shown as it was given, beside the time from which it really waits', async () => {
    const { api } = await startTestService({ ROLE: 'api' });
    const id = await api.send({ to: '+15551230001', channels: ['sms'], body: 'Hello', sendAt: LONG_AGO });
    const { status, sendAt, createdAt, nextAttemptAt } = await api.until(id, () => true);
    expect({ status, sendAt, nextAttemptAt }).toEqual({ status: 'queued', sendAt: LONG_AGO, nextAttemptAt: createdAt });
  });
});

it('due work is announced to other processes also after the clock was set back', async () => {
  const { database, enqueue } = await startOutbox();
  const heard = async () => {
    const announced = once(database, 'notification', { signal: AbortSignal.timeout(20_000) });
    await enqueue();
    return announced;
  };
  await database.query('LISTEN postrider_due');
  await heard();
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  vi.setSystemTime(Date.now() - 3_600_000);
  await expect(heard()).resolves.toMatchObject([{ channel: 'postrider_due' }]);
});

describe('what starts as it is accepted', () => {
  it('is handed to the worker before its caller is answered', async () => {
    const { service } = await startTestService({ ROLE: 'api' });
    const intake = service.app.get(NotificationIntake);
    const seen: string[] = [];
    const worker: Worker = {
      reserve: (wanted) => wanted,
      mayStart: () => true,
      take: (work: readonly Work[]) => {
        seen.push(`took ${work.length}`);
        // A send goes through several promises before it waits for the provider.
        process.nextTick(() => seen.push('sent'));
      },
    };
    intake.attach(worker);
    await intake.enqueue(first(newNotifications(1)));
    seen.push('answered');
    expect(seen).toEqual(['took 1', 'sent', 'answered']);
  });
});
