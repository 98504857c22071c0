import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { Caretaker } from '../src/dispatch/caretaker.service.js';
import { MissingReceipts } from '../src/receipts/missing-receipts.service.js';
import { startOutbox } from './outbox.setup.js';
import { refuse, refuseDecisions } from './support/bad-row.js';
import { moveClock } from './support/clock.js';
import { keepLines } from './support/log.lines.js';
import { newNotifications } from './support/new-notifications.js';
import { partOf } from './support/part-of.js';
import { startTestService } from './support/service.js';

const MINUTE = 60_000;

describe('expired work that cannot be ended', () => {
  it('keeps no other from ending, is told by its ids, and is looked at again', async () => {
    const test = await startOutbox();
    const { destination, lines } = keepLines();
    const caretaker = partOf(await test.replica({}, pino({ level: 'error' }, destination)), Caretaker);
    const expiresAt = new Date(Date.now() + MINUTE);
    const soon = newNotifications(20).map((one, index) => ({
      ...one,
      expiresAt: new Date(expiresAt.getTime() + index),
    }));
    await Promise.all(soon.map((one) => test.intake.enqueue(one)));
    const bad = soon.slice(0, 3).map(({ id }) => id);
    const { mend } = await refuseDecisions(test.database, bad);
    await moveClock(test.databaseUrl, 2 * MINUTE);
    const open = async () => {
      const rows = await test.rows(`SELECT id FROM notifications WHERE status <> 'expired' ORDER BY id`);
      return rows.map(({ id }) => id);
    };

    await caretaker.round();
    expect(await open()).toEqual(bad.toSorted());
    expect(bad.filter((id) => !lines.join('').includes(id))).toEqual([]);
    expect(lines.join('')).not.toContain('493021');

    const said = lines.length;
    await test.enqueue({ expiresAt });
    await caretaker.round();
    expect(await open()).toEqual(bad.toSorted());
    expect(lines).toHaveLength(said);

    await mend();
    await moveClock(test.databaseUrl, 2 * MINUTE);
    await caretaker.round();
    expect(await open()).toEqual([]);
  });

  it('does not keep leases from being taken back, nor the other way round', async () => {
    const test = await startOutbox();
    const { destination, lines } = keepLines();
    const caretaker = partOf(await test.replica({}, pino({ level: 'error' }, destination)), Caretaker);
    const leased = await test.lease();
    const expired = await test.enqueue({ expiresAt: new Date(Date.now() + MINUTE) });
    const { mend } = await refuse(test.database, { table: 'failures' });
    await moveClock(test.databaseUrl, 2 * MINUTE);
    await caretaker.round();
    expect(await test.standing(expired)).toMatchObject({ status: 'expired' });
    expect(lines.join('')).toContain('leases');
    await mend();
    await caretaker.round();
    expect(await test.standing(leased.notificationId)).toMatchObject({ stage: 'reconcile' });
  });
});

describe('a missing receipt that cannot be recorded', () => {
  it('holds up those behind it for a round, is told by its ids, and is asked for again', async () => {
    const test = await startTestService({}, { callbacks: 'none' });
    const { destination, lines } = keepLines();
    const receipts = partOf(
      await test.replica({ ROLE: 'api' }, pino({ level: 'error' }, destination)),
      MissingReceipts,
    );
    const ids: string[] = [];
    for (let number = 0; number < 6; number += 1) {
      ids.push(await test.api.send({ to: '+15551230001', channels: ['sms'], body: 'Secret 493021' }));
      await test.api.untilStatus(ids[number] ?? '', 'sent');
    }
    const [bad = '', ...good] = ids;
    const { mend } = await refuseDecisions(test.database, [bad]);
    await moveClock(test.databaseUrl, 16 * MINUTE);
    // It may be a passing fault.
    await receipts.round();
    expect((await test.api.until(bad, () => true)).status).toBe('sent');
    await receipts.round();
    for (const id of good) expect((await test.api.until(id, () => true)).status).toBe('delivered');
    expect(lines.filter((line) => line.includes(bad))).toHaveLength(2);
    expect(lines.join('')).not.toMatch(/493021|5551230001/);
    await mend();
    await moveClock(test.databaseUrl, 4 * 60 * MINUTE);
    await receipts.round();
    expect((await test.api.until(bad, () => true)).status).toBe('delivered');
  });
});

it('work of a notification that was deleted by hand is removed, and one whose leases run out for ever is still taken back', async () => {
  const test = await startOutbox();
  const { destination, lines } = keepLines();
  const caretaker = partOf(await test.replica({}, pino({ level: 'warn' }, destination)), Caretaker);
  const [deleted, lost] = [await test.lease(), await test.lease()];
  await test.database.query('DELETE FROM notifications WHERE id = $1', [deleted.notificationId]);
  await test.database.query('UPDATE outbox SET retries = 32767');
  await moveClock(test.databaseUrl, MINUTE);
  await caretaker.round();
  expect(await test.rows('SELECT notification_id AS id, retries, lease_token FROM outbox')).toEqual([
    { id: lost.notificationId, retries: 32_767, lease_token: null },
  ]);
  const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(said).toContainEqual(expect.objectContaining({ notificationIds: [deleted.notificationId] }));
  expect(said).toContainEqual(expect.objectContaining({ rescued: 1 }));
});

it('work that was a probe for weeks is sent all the same, and keeps nothing else from being sent', async () => {
  const test = await startTestService({ ROLE: 'api' });
  const hello = { to: '+15551230001', channels: ['sms'], body: 'Hello' };
  const ids = [await test.api.send(hello), await test.api.send(hello)];
  await test.database.query('UPDATE outbox SET attempts = 32767 WHERE notification_id = $1', [ids[0]]);
  await test.replica({ ROLE: 'worker' });
  for (const id of ids.toReversed()) await test.api.untilStatus(id, 'sent', 'delivered');
  const { rows } = await test.database.query('SELECT number FROM attempts ORDER BY number');
  expect(rows).toEqual([{ number: 1 }, { number: 32_767 }]);
});
