import { describe, expect, it, onTestFinished } from 'vitest';
import type { ReplayDto } from '../src/dead-letters/replays/replay.dto.js';
import { ReplayStep } from '../src/dead-letters/replays/replay.step.js';
import { bury, ended, replay, REPLAYS } from './dead-letters.replays.setup.js';
import { refuse } from './support/bad-row.js';
import { moveClock } from './support/clock.js';
import { startTestService } from './support/service.js';
import { startTransaction, untilSomebodyWaits } from './support/transactions.js';

/** What the rate of a replay lets catch up on: 250 ms, at a hundred a second. */
const MOST_AT_ONCE = 26;

/** A replay that nobody carries out but the test, whose rate has allowed everything that it may at once. */
async function startStanding(count: number, action = 'discard') {
  const service = await startTestService({ ROLE: 'api' });
  const ids = (await bury(service, count)).toSorted();
  const { body } = await replay(service, { filter: {}, action, ratePerSecond: 100 });
  const fallDue = () => moveClock(service.databaseUrl, 1000);
  await fallDue();
  return {
    ...service,
    ids,
    replayId: body.id,
    step: service.service.app.get(ReplayStep, { strict: false }),
    fallDue,
    standing: async () => (await service.api.get<ReplayDto>(`${REPLAYS}/${body.id}`)).body,
    /** How often each was resolved, as the audit log has it. */
    deeds: async () => {
      const { rows } = await service.database.query<{ count: number; subjects: number }>(`
        SELECT count(*)::int, count(DISTINCT subject_id)::int AS subjects FROM audit_log
        WHERE action LIKE 'dead_letter.%'`);
      return rows[0];
    },
  };
}

describe('a step of a replay', () => {
  it.each(['discard', 'retry'])('takes as many as its rate has let become due, and no more (%s)', async (action) => {
    const { step, standing, deeds, database } = await startStanding(40, action);
    await step.take();
    expect(await standing()).toMatchObject({ state: 'running', done: MOST_AT_ONCE, failed: 0, skipped: 0 });
    expect(await deeds()).toEqual({ count: MOST_AT_ONCE, subjects: MOST_AT_ONCE });
    const { rows } = await database.query(`
      SELECT count(*)::int FROM notifications n JOIN decisions d ON d.notification_id = n.id AND d.rule = 'review'
      WHERE n.status = '${action === 'retry' ? 'queued' : 'failed'}'`);
    expect(rows).toEqual([{ count: MOST_AT_ONCE }]);
  });

  it('counts what it does and what it leaves alone, which spends nothing of the rate', async () => {
    const { step, standing, fallDue, database, ids } = await startStanding(27, 'retry');
    const expired = ids.filter((_, index) => index % 2 === 0);
    await database.query(
      `UPDATE notifications SET expires_at = now() - interval '1 s'
       WHERE id IN (SELECT notification_id FROM dead_letters WHERE id = ANY ($1))`,
      [expired],
    );
    await step.take();
    const reasons = (count: number) => ({ skippedBecause: [{ reason: 'expired', count }] });
    expect(await standing()).toMatchObject({ state: 'running', done: 13, skipped: 13, ...reasons(13) });
    const { rows } = await database.query('SELECT next_at <= service_now() AS due FROM replays');
    expect(rows).toEqual([{ due: true }]);
    await fallDue();
    await step.take();
    await step.take();
    expect(await standing()).toMatchObject({ state: 'completed', done: 13, skipped: 14, ...reasons(14) });
  });

  it('leaves what came to the queue after its start to a later replay, so that it ends', async () => {
    const service = await startStanding(2, 'retry');
    const { step, standing, fallDue, database } = service;
    const [later] = await bury(service, 1);
    do await fallDue();
    while ((await step.take()) !== null);
    expect(await standing()).toMatchObject({ state: 'completed', matched: 2, done: 2, failed: 0, skipped: 0 });
    const { rows } = await database.query(`SELECT id FROM dead_letters WHERE state = 'open'`);
    expect(rows).toEqual([{ id: later }]);
  });

  it('that fails for one of them resolves all others, each once', async () => {
    const { step, standing, deeds, fallDue, database, ids } = await startStanding(10);
    await refuse(database, { table: 'dead_letters', on: 'UPDATE', when: `OLD.id = '${ids[4]}'` });
    do await fallDue();
    while ((await step.take()) !== null);
    expect(await standing()).toMatchObject({ state: 'completed', done: 9, failed: 1, skipped: 0 });
    expect(await deeds()).toEqual({ count: 9, subjects: 9 });
  });

  it('ends no replay by failing often, only by failing ten times in a row', async () => {
    const { step, standing, fallDue, database, ids } = await startStanding(19);
    await refuse(database, { table: 'dead_letters', on: 'UPDATE', when: `OLD.id <> '${ids[9]}'` });
    do await fallDue();
    while ((await step.take()) !== null);
    expect(await standing()).toMatchObject({ state: 'completed', done: 1, failed: 18, skipped: 0 });
  });

  it('takes its turn also where it fails, so that other replays get theirs', async () => {
    const { step, standing, database, replayId, ids } = await startStanding(2);
    const turn = async () =>
      Number((await database.query<{ at: Date }>('SELECT next_at AS at FROM replays')).rows[0]?.at);
    const before = await turn();
    await step['leave'](replayId, String(ids[0]), new Error('no'));
    expect(await standing()).toMatchObject({ state: 'running', done: 0, failed: 1 });
    expect(await turn()).toBeGreaterThan(before);
  });

  it('is one of another replay where somebody else takes that of the first', async () => {
    const { step, standing, fallDue, databaseUrl, replayId, ...service } = await startStanding(1);
    await bury({ ...service, databaseUrl }, 1, { category: `'otp'` });
    const { body: second } = await replay(service, { filter: { category: 'otp' }, action: 'discard' });
    await fallDue();
    const other = await startTransaction(databaseUrl);
    await other.query('SELECT 1 FROM replays WHERE id = $1 FOR UPDATE', [replayId]);
    await step.take();
    expect(await standing()).toMatchObject({ done: 0 });
    expect((await service.api.get<ReplayDto>(`${REPLAYS}/${second.id}`)).body).toMatchObject({ done: 1 });
  });

  it('does what stands before one that somebody holds, and does not wait for that one meanwhile', async () => {
    const { step, standing, database, ids } = await startStanding(8);
    await database.query('BEGIN');
    onTestFinished(async () => void (await database.query('ROLLBACK')));
    await database.query(
      `SELECT 1 FROM notifications WHERE id = (SELECT notification_id FROM dead_letters WHERE id = $1) FOR UPDATE`,
      [ids[3]],
    );
    await step.take();
    expect(await standing()).toMatchObject({ done: 3, failed: 0 });
  });

  it('that is cut off in the middle has done nothing; each is done once, later', async () => {
    const service = await startStanding(30, 'retry');
    const { step, standing, deeds, database, databaseUrl } = service;
    const holder = await startTransaction(databaseUrl);
    await holder.query('LOCK TABLE audit_log IN SHARE MODE');
    const cutOff = async () => {
      await untilSomebodyWaits(databaseUrl);
      await database.query(`
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`);
    };
    const [end] = await Promise.allSettled([step.take(), cutOff()]);
    expect(end).toMatchObject({ status: 'rejected', reason: { cause: { code: '57P01' } } });
    await holder.query('ROLLBACK');
    expect(await standing()).toMatchObject({ state: 'running', done: 0, failed: 0 });
    await service.replica({ ROLE: 'worker' });
    expect(await ended(service, service.replayId)).toMatchObject({
      state: 'completed',
      done: 30,
      failed: 0,
      skipped: 0,
    });
    expect(await deeds()).toEqual({ count: 30, subjects: 30 });
  });
});
