import { describe, expect, it } from 'vitest';
import { ageInWords } from '../src/receipts/receipt.looks.js';
import { ATTEMPTS_TO_LOOK_AT, AWAITED_ATTEMPTS, LEAVE_LOOK, TAKE_LOOK } from '../src/receipts/receipt.sql.js';
import type { Work } from '../src/outbox/work.js';
import { startLate, type LateUnderTest } from './outbox.late.setup.js';
import { DEAD_LETTER, failure, fallbackTo, RECONCILE, RETRY, sidOf } from './outbox.setup.js';
import { moveClock } from './support/clock.js';

const MINUTE = 60_000;
const LATER = { ...RETRY, waitMs: 86_400_000 };
const ASKED_LATER = { ...RECONCILE, waitMs: 86_400_000 };
const NO_ID = '00000000-0000-0000-0000-000000000000';

/** The attempts after `after` that are 15 minutes old, whether each misses its receipt, and whether that is late. */
async function found({ rows }: LateUnderTest, silent = false, after = NO_ID, count = 100) {
  const found = await rows(ATTEMPTS_TO_LOOK_AT.text, [after, 15, count, silent]);
  return found.map(({ attemptId, missing, late }) => ({ attemptId, missing, late }));
}

/** Accepted by WhatsApp; the work is the attempt's. */
async function accepted(test: LateUnderTest): Promise<Work> {
  const work = await test.lease({ channels: ['whatsapp', 'sms', 'voice'] });
  await test.accept(work);
  return work;
}

const CASES: readonly [string, (test: LateUnderTest) => Promise<Work>, boolean, boolean][] = [
  ['was accepted', accepted, true, true],
  [
    'was accepted, and has a callback',
    async (test) => {
      const work = await accepted(test);
      await test.calledBack(work);
      return work;
    },
    true,
    false,
  ],
  [
    'was delivered',
    async (test) => {
      const work = await accepted(test);
      await test.calledBack(work, sidOf(work), 'delivered');
      return work;
    },
    false,
    false,
  ],
  [
    'was accepted, and the next channel is queued',
    async (test) => {
      const work = await accepted(test);
      await test.startDelivery(work.notificationId, 'sms');
      await test.database.query(`UPDATE outbox SET due_at = service_now() + interval '1 day'`);
      return work;
    },
    true,
    true,
  ],
  [
    'was accepted, and the next channel failed for good',
    async (test) => {
      const work = await accepted(test);
      await test.startDelivery(work.notificationId, 'sms');
      await test.fail(await test.claim(), { step: DEAD_LETTER });
      return work;
    },
    true,
    true,
  ],
  [
    'was accepted and failed, and the next channel is queued',
    async (test) => {
      const work = await accepted(test);
      await test.calledBack(work, sidOf(work), 'undelivered', 63_016);
      await test.database.query(`UPDATE outbox SET due_at = service_now() + interval '1 day'`);
      return work;
    },
    false,
    false,
  ],
  [
    'was accepted, though another channel delivered it',
    async (test) => {
      const work = await accepted(test);
      await test.startDelivery(work.notificationId, 'sms');
      const sms = await test.claim();
      await test.accept(sms);
      await test.calledBack(sms, sidOf(sms), 'delivered');
      return work;
    },
    false,
    false,
  ],
  [
    'was accepted, and delivered by WhatsApp to somebody whom a human has corrected',
    async (test) => {
      const work = await accepted(test);
      await test.database.query(`UPDATE deliveries SET status = 'delivered' WHERE id = $1`, [work.deliveryId]);
      return work;
    },
    false,
    false,
  ],
  [
    'is unknown',
    async (test) => {
      const work = await test.lease();
      await test.fail(work, { step: ASKED_LATER, failure: failure('unknown') });
      return work;
    },
    false,
    false,
  ],
  [
    'was refused',
    async (test) => {
      const work = await test.lease();
      await test.fail(work, { step: LATER });
      return work;
    },
    false,
    false,
  ],
  [
    'was accepted for what retention has deleted',
    async (test) => {
      const work = await accepted(test);
      for (const table of ['notifications', 'deliveries']) {
        const key = table === 'deliveries' ? 'notification_id' : 'id';
        await test.database.query(`DELETE FROM ${table} WHERE ${key} = $1`, [work.notificationId]);
      }
      return work;
    },
    false,
    false,
  ],
];

describe('an attempt that is old enough', () => {
  it('misses its receipt, or any word at all, as what became of it says', async () => {
    const test = await startLate();
    const works = new Map<string, string>();
    for (const [name, begin] of CASES) works.set((await begin(test)).attemptId, name);
    await moveClock(test.databaseUrl, 16 * MINUTE);
    const told = async (silent: boolean) =>
      (await found(test, silent)).flatMap(({ attemptId, missing }) => {
        const name = works.get(String(attemptId));
        return name ? [[name, missing]] : [];
      });
    expect(await told(false)).toEqual(CASES.map(([name, , missing]) => [name, missing]));
    expect(await told(true)).toEqual(CASES.map(([name, , , silent]) => [name, silent]));
  });

  it('is found once it is, in the order of time, behind the last one, and is late an hour after that', async () => {
    const test = await startLate();
    const ids: string[] = [];
    for (let minutes = 0; minutes < 3; minutes += 1) {
      const [row] = await test.rows(`
        INSERT INTO attempts (id, notification_id, delivery_id, number, started_at, outcome, provider_sid)
        SELECT new_uuid_v7(), new_uuid_v7(), new_uuid_v7(), 1, service_now(), 'accepted', 'SM1' RETURNING id`);
      ids.push(String(row?.['id']));
      await moveClock(test.databaseUrl, MINUTE);
    }
    const [first, second, third] = ids;
    const shown = async (after?: string, count?: number) =>
      (await found(test, false, after, count)).map(({ attemptId, late }) => [attemptId, late]);
    await moveClock(test.databaseUrl, 11 * MINUTE);
    expect(await shown()).toEqual([]);
    await moveClock(test.databaseUrl, 2.5 * MINUTE);
    expect(await shown()).toEqual([
      [first, false],
      [second, false],
    ]);
    expect(await shown(NO_ID, 1)).toEqual([[first, false]]);
    expect(await shown(first)).toEqual([[second, false]]);
    await moveClock(test.databaseUrl, 59 * MINUTE);
    expect(await shown()).toEqual([
      [first, true],
      [second, false],
      [third, false],
    ]);
  });
});

it('finds no attempt that came of age more than three days ago', async () => {
  const test = await startLate();
  await test.rows(`
    INSERT INTO attempts (id, notification_id, delivery_id, number, started_at, outcome, provider_sid)
    SELECT new_uuid_v7(), new_uuid_v7(), new_uuid_v7(), 1, service_now(), 'accepted', 'SM1'`);
  await moveClock(test.databaseUrl, (14 + 3 * 24 * 60) * MINUTE);
  expect(await found(test)).toHaveLength(1);
  await moveClock(test.databaseUrl, 2 * MINUTE);
  expect(await found(test)).toEqual([]);
});

describe('an attempt that is awaited', () => {
  it('is that of the channel that is waited for, and of no other', async () => {
    const test = await startLate();
    const whatsapp = await test.lease({ channels: ['whatsapp', 'voice', 'sms'], fallbackAfterSeconds: 60 });
    const awaited = async () =>
      (await test.rows(AWAITED_ATTEMPTS.text, [whatsapp.notificationId])).map(({ attemptId, channel, seconds }) => ({
        attemptId,
        channel,
        seconds,
      }));
    expect(await awaited()).toEqual([]);
    await test.accept(whatsapp);
    await moveClock(test.databaseUrl, 90_000);
    expect(await awaited()).toEqual([
      { attemptId: whatsapp.attemptId, channel: 'whatsapp', seconds: expect.closeTo(90, -1) },
    ]);
    await test.startDelivery(whatsapp.notificationId, 'voice');
    const voice = await test.claim();
    expect(await awaited()).toEqual([]);
    await test.accept(voice);
    expect(await awaited()).toMatchObject([{ attemptId: voice.attemptId, channel: 'voice' }]);
    await test.calledBack(voice);
    expect(await awaited()).toMatchObject([{ attemptId: voice.attemptId, channel: 'voice' }]);
    await test.calledBack(voice, sidOf(voice), 'delivered');
    expect(await awaited()).toEqual([]);
  });

  it('is none of those that the provider did not accept', async () => {
    const test = await startLate();
    const first = await test.lease({ channels: ['whatsapp', 'sms'], fallbackAfterSeconds: 60 });
    const second = await test.outbox.beginResend(await test.takenOver(first), 'It was not there.');
    if (!second) throw new Error('The lease has moved on');
    await test.accept(second);
    expect(await test.rows(AWAITED_ATTEMPTS.text, [first.notificationId])).toMatchObject([
      { attemptId: second.attemptId, providerSid: sidOf(second) },
    ]);
  });

  it('is none while its next channel is worked on', async () => {
    const test = await startLate();
    const work = await test.lease({ channels: ['whatsapp', 'sms'], fallbackAfterSeconds: 60 });
    await test.accept(work);
    await test.calledBack(work, sidOf(work), 'undelivered', 63_016);
    expect(await test.rows(AWAITED_ATTEMPTS.text, [work.notificationId])).toEqual([]);
    await test.fail(await test.claim(), { ...fallbackTo('sms'), step: RETRY });
    expect(await test.rows(AWAITED_ATTEMPTS.text, [work.notificationId])).toEqual([]);
  });
});

describe('a look', () => {
  it('belongs to one replica for its time, begins where the last one ended, and is free at once then', async () => {
    const { rows, databaseUrl } = await startLate();
    const take = () => rows(TAKE_LOOK.text, [2, 60]);
    const positions = await take();
    expect(positions).toHaveLength(3);
    expect(await take()).toEqual([]);
    expect(await rows(TAKE_LOOK.text, [3, 60])).toHaveLength(3);
    await moveClock(databaseUrl, 59_000);
    expect(await take()).toEqual([]);
    await moveClock(databaseUrl, 1000);
    expect(await take()).toEqual(positions);
    const to = ['sms', 'voice', 'whatsapp'].map((channel, index) => ({
      channel,
      lookedTo: `ffffffff-0000-0000-0000-00000000000${index}`,
    }));
    await rows(LEAVE_LOOK.text, [2, to.map(({ channel }) => channel), to.map(({ lookedTo }) => lookedTo)]);
    const taken = await take();
    expect(taken).toHaveLength(3);
    expect(taken).toEqual(expect.arrayContaining(to));
  });

  it.each([
    [1, '1 minute'],
    [15, '15 minutes'],
    [119, '119 minutes'],
    [120, '2 hours'],
    [240, '4 hours'],
    [1440, '24 hours'],
  ])('tells %i minutes as %s', (minutes, words) => {
    expect(ageInWords(minutes)).toBe(words);
  });
});
