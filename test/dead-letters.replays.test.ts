import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ReplayDto } from '../src/dead-letters/replays/replay.dto.js';
import { ReplayStep } from '../src/dead-letters/replays/replay.step.js';
import { bury, CLIENT, ended, openOnes, replay, REPLAYS } from './dead-letters.replays.setup.js';
import { NO_ROOM, refuse } from './support/bad-row.js';
import { moveClock } from './support/clock.js';
import { keepLines } from './support/log.lines.js';
import { startTestService } from './support/service.js';

describe('a replay of dead letters', () => {
  it('is not carried out where its dryRun stands in the query', async () => {
    const service = await startTestService();
    await bury(service, 2);
    const answer = await service.api.post<object>(`${REPLAYS}?dryRun=true`, { filter: {}, action: 'discard' });
    expect([answer.status, answer.body]).toMatchObject([
      400,
      { type: 'urn:postrider:problem:validation-failed', errors: [{ pointer: '/dryRun' }] },
    ]);
    expect(await openOnes(service)).toBe(2);
  });

  it('previews what it would do and what it would leave alone, and does nothing', async () => {
    const service = await startTestService();
    await bury(service, 3);
    await bury(service, 2, { expires_at: `service_now() - interval '1 s'` });
    await bury(service, 1, { content: 'NULL' });
    const [reworded] = await bury(service, 1, { content: 'NULL' });
    await service.database.query(
      'UPDATE deliveries SET changes = $2 WHERE id = (SELECT delivery_id FROM dead_letters WHERE id = $1)',
      [reworded, JSON.stringify({ content: { body: 'Corrected' } })],
    );
    await bury(service, 4, { error_class: `'invalid_request'` });
    await service.database.query(`
      INSERT INTO suppressions (id, sender, recipient, reason, created_at)
      VALUES (new_uuid_v7(), '+15005550006', '+15551230003', 'test', now())`);
    const filter = { errorClass: 'provider_fault' };
    const answer = await replay(service, { filter, dryRun: true });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      matched: 7,
      excluded: [
        { reason: 'expired', count: 2 },
        { reason: 'content_deleted', count: 1 },
        { reason: 'opted_out', count: 1 },
      ],
    });
    const { rows } = await service.database.query(`SELECT count(*)::int FROM dead_letters WHERE state = 'open'`);
    expect(rows).toEqual([{ count: 11 }]);

    const voiceless = await replay(service, { filter: {}, action: 'fallback', channel: 'sms', dryRun: true });
    expect(voiceless.body).toMatchObject({ excluded: [{ reason: 'expired' }, { reason: 'same_channel', count: 9 }] });
  });

  it('resolves what fits, counts what it leaves alone, and is written down at its start and its end', async () => {
    const service = await startTestService();
    const wanted = await bury(service, 4);
    await bury(service, 1, { expires_at: `service_now() - interval '1 s'` });
    const others = await bury(service, 2, { category: `'otp'` });
    const filter = { category: 'transactional', state: 'open' };
    const body = { filter, ratePerSecond: 100, note: 'it is over' };
    const answer = await replay(service, body);
    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toBe(`${REPLAYS}/${answer.body.id}`);
    expect(answer.body).toMatchObject({ state: 'running', matched: 5, done: 0, ratePerSecond: 100, endedAt: null });
    expect(answer.body.filter).toEqual(filter);

    const end = await ended(service, answer.body.id);
    expect(end).toMatchObject({
      state: 'completed',
      matched: 5,
      done: 4,
      failed: 0,
      skipped: 1,
      skippedBecause: [{ reason: 'expired', count: 1 }],
      startedBy: 'admin/ADMIN_API_KEY',
      endedAt: expect.any(String),
    });
    const { rows } = await service.database.query(
      `SELECT id, resolution, resolved_by, note FROM dead_letters WHERE state = 'resolved' ORDER BY id`,
    );
    expect(rows).toEqual(
      wanted.toSorted().map((id) => ({
        id,
        resolution: 'retried',
        resolved_by: 'admin/ADMIN_API_KEY',
        note: 'it is over',
      })),
    );
    expect(others).toHaveLength(2);
    const { body: audit } = await service.api.get<{ items: { action: string; actor: string }[] }>(
      `/v1/admin/audit?subjectId=${answer.body.id}`,
    );
    expect(audit.items.map((entry) => [entry.action, entry.actor])).toEqual([
      ['replay.completed', 'system/replays'],
      ['replay.started', 'admin/ADMIN_API_KEY'],
    ]);
  });

  it('keeps to its rate, however many replicas there are', async () => {
    const service = await startTestService();
    await service.replica({ ROLE: 'worker' });
    await bury(service, 13);
    const { body } = await replay(service, { filter: {}, action: 'discard', ratePerSecond: 10 });
    await ended(service, body.id);
    const { rows } = await service.database.query<{ at: Date }>(
      `SELECT resolved_at AS at FROM dead_letters WHERE state = 'resolved' ORDER BY 1`,
    );
    expect(rows).toHaveLength(13);
    const seconds = (Number(rows.at(-1)?.at) - Number(rows[0]?.at)) / 1000;
    // Twelve turns, of which those of 250 ms may be caught up on.
    expect(seconds).toBeGreaterThanOrEqual(0.94);
  });

  it('stops when a human cancels it; what is done stays done', async () => {
    const service = await startTestService();
    await bury(service, 50);
    const { body } = await replay(service, { filter: {}, action: 'discard', ratePerSecond: 5 });
    expect((await service.api.post(REPLAYS, { filter: {}, note: '' })).status).toBe(400);
    expect((await service.api.post(`${REPLAYS}/${body.id}/cancel`, { note: 'unknown' })).status).toBe(400);
    const canceled = await service.api.post<ReplayDto>(`${REPLAYS}/${body.id}/cancel`);
    expect(canceled).toMatchObject({
      status: 200,
      body: { state: 'canceled', skipped: 0, endedAt: expect.any(String) },
    });
    expect(await service.api.post(`${REPLAYS}/${body.id}/cancel`)).toMatchObject({ status: 200 });
    const { rows } = await service.database.query<{ count: number }>(
      `SELECT count(*)::int FROM dead_letters WHERE state = 'resolved'`,
    );
    expect(canceled.body.done).toBe(rows[0]?.count);
    expect(canceled.body.done).toBeLessThan(50);

    const { body: other } = await replay(service, { filter: { category: 'otp' }, action: 'discard' });
    await ended(service, other.id);
    expect((await service.api.post(`${REPLAYS}/${other.id}/cancel`)).status).toBe(409);
    expect((await service.api.get(`${REPLAYS}/${CLIENT}`)).status).toBe(404);
  });

  it('goes on after a restart where it was, and resolves each exactly once', async () => {
    const service = await startTestService({ ROLE: 'api' });
    await bury(service, 30);
    const { body } = await replay(service, { filter: {}, action: 'discard', ratePerSecond: 0.1 });
    const standing = async () => (await service.api.get<ReplayDto>(`${REPLAYS}/${body.id}`)).body;
    const first = await service.replica({ ROLE: 'worker' });
    await expect.poll(async () => (await standing()).done).toBe(1);
    await first.close();
    await service.database.query('UPDATE replays SET rate_per_second = 60, next_at = service_now()');
    expect(await standing()).toMatchObject({ state: 'running', done: 1 });
    await service.replica({ ROLE: 'worker' });
    expect(await ended(service, body.id)).toMatchObject({ state: 'completed', matched: 30, done: 30 });
    const { rows } = await service.database.query(
      `SELECT count(*)::int, count(DISTINCT subject_id)::int AS subjects FROM audit_log WHERE action = 'dead_letter.discarded'`,
    );
    expect(rows).toEqual([{ count: 30, subjects: 30 }]);
  });

  it('shares dead letters with another replay and with humans, each resolved once', async () => {
    const service = await startTestService();
    await service.replica({ ROLE: 'worker' });
    const ids = await bury(service, 20);
    const start = (action: string) => replay(service, { filter: { ids }, action, ratePerSecond: 100 });
    const [one, two] = await Promise.all([start('discard'), start('retry')]);
    await service.api.post(`/v1/admin/dead-letters/${ids.at(-1)}/discard`);
    const ends = await Promise.all([ended(service, one.body.id), ended(service, two.body.id)]);
    expect(ends[0].done + ends[1].done).toBeGreaterThanOrEqual(19);
    for (const end of ends) expect(end.done + end.skipped).toBe(20);
    const { rows } = await service.database.query(
      `SELECT count(*)::int FROM audit_log WHERE action LIKE 'dead_letter.%'`,
    );
    expect(rows).toEqual([{ count: 20 }]);
  });

  it('does not wait for another one that has many to leave alone', async () => {
    const service = await startTestService();
    await bury(service, 150, { category: `'marketing'`, expires_at: `service_now() - interval '1 s'` });
    await bury(service, 2, { category: `'otp'` });
    const { body: long } = await replay(service, { filter: { category: 'marketing' } });
    const { body: short } = await replay(service, {
      filter: { category: 'otp' },
      action: 'discard',
      ratePerSecond: 20,
    });
    expect(await ended(service, short.id)).toMatchObject({ state: 'completed', done: 2 });
    expect(await ended(service, long.id)).toMatchObject({ state: 'completed', done: 0, skipped: 150 });
    const { rows } = await service.database.query('SELECT id FROM replays ORDER BY ended_at');
    expect(rows).toEqual([{ id: short.id }, { id: long.id }]);
  });

  it('takes the dead letters that it names and no others, and shows how many they are', async () => {
    const service = await startTestService();
    const [first, , third] = await bury(service, 4);
    const others = Array.from({ length: 250 }, () => crypto.randomUUID());
    const ids = [third?.toUpperCase(), ...others, first];
    const filter = { ids, category: 'transactional', errorClass: null };
    const { body } = await replay(service, { filter, action: 'discard', ratePerSecond: 100 });
    expect(body).toMatchObject({ filter: { category: 'transactional' }, ids: 252, matched: 2 });
    const end = await ended(service, body.id);
    expect(end).toMatchObject({ state: 'completed', matched: 2, done: 2, skipped: 0, ids: 252 });
    expect(end.filter).toEqual({ category: 'transactional' });
    const { rows } = await service.database.query(`SELECT id FROM dead_letters WHERE state = 'resolved' ORDER BY id`);
    expect(rows.map(({ id }) => id)).toEqual(
      [first, third].filter((id) => id !== undefined).toSorted((a, b) => (a < b ? -1 : 1)),
    );
  });

  it('is not set back by a replica that could not resolve what another has come past', async () => {
    const service = await startTestService();
    const [first, ...others] = (await bury(service, 5)).toSorted();
    const { body } = await replay(service, { filter: {}, action: 'discard', ratePerSecond: 0.1 });
    const standing = async () => (await service.api.get<ReplayDto>(`${REPLAYS}/${body.id}`)).body;
    await expect.poll(async () => (await standing()).done).toBe(1);
    await moveClock(service.databaseUrl, 11_000);
    await expect.poll(async () => (await standing()).done).toBe(2);
    const step = service.service.app.get(ReplayStep, { strict: false });
    await step['leave'](body.id, String(first), new Error('no'));
    expect(await standing()).toMatchObject({ done: 2, failed: 0 });
    // Nor is one told to have failed that was canceled meanwhile.
    await service.api.post(`${REPLAYS}/${body.id}/cancel`);
    await step['leave'](body.id, String(others.at(-1)), new Error('no'));
    expect(await standing()).toMatchObject({ state: 'canceled', done: 2, failed: 0 });
  });

  it('leaves alone what it cannot resolve, and stops when nothing works', async () => {
    const service = await startTestService();
    const [poison] = await bury(service, 3);
    await refuse(service.database, { table: 'dead_letters', on: 'UPDATE', when: `OLD.id = '${poison}'` });
    const { body } = await replay(service, { filter: {}, action: 'discard', ratePerSecond: 100 });
    expect(await ended(service, body.id)).toMatchObject({ state: 'completed', done: 2, failed: 1, skipped: 0 });

    await bury(service, 30);
    await refuse(service.database, { table: 'dead_letters', on: 'UPDATE' });
    const { body: hopeless } = await replay(service, { filter: {}, action: 'discard', ratePerSecond: 100 });
    expect(await ended(service, hopeless.id)).toMatchObject({ state: 'failed', done: 0, failed: 10, skipped: 0 });
  });

  it('leaves alone what somebody holds, and does not stand still for it', async () => {
    const service = await startTestService();
    const [held] = (await bury(service, 3)).toSorted();
    await service.database.query('BEGIN');
    onTestFinished(async () => void (await service.database.query('ROLLBACK')));
    await service.database.query(
      `SELECT 1 FROM notifications WHERE id = (SELECT notification_id FROM dead_letters WHERE id = $1) FOR UPDATE`,
      [held],
    );
    const { body } = await replay(service, { filter: {}, action: 'discard', ratePerSecond: 100 });
    expect(await ended(service, body.id)).toMatchObject({ state: 'completed', done: 2, failed: 1, skipped: 0 });
  });

  it('refuses what contradicts itself', async () => {
    const service = await startTestService({ TWILIO_VOICE_FROM: '' });
    const refused = async (body: object) => {
      const { status, body: problem } = await service.api.post<{ errors?: { pointer: string }[] }>(REPLAYS, body);
      return [status, problem.errors?.map((error) => error.pointer)];
    };
    const filter = {};
    expect(await refused({ action: 'retry' })).toEqual([400, ['/filter']]);
    expect(await refused({ filter, action: 'fallback' })).toEqual([400, ['/channel']]);
    expect(await refused({ filter, action: 'retry', channel: 'sms' })).toEqual([400, ['/channel']]);
    expect(await refused({ filter, action: 'fallback', channel: 'voice' })).toEqual([422, ['/channel']]);
    expect(await refused({ filter, action: 'retry', ratePerSecond: 101 })).toEqual([400, ['/ratePerSecond']]);
    expect(await refused({ filter: { state: 'resolved' }, action: 'retry' })).toEqual([400, ['/filter/state']]);
    expect(await refused({ filter: { ids: ['x'] }, action: 'retry' })).toEqual([400, ['/filter/ids/0']]);
    const { body } = await service.api.post(REPLAYS, { filter: { state: 'resolved' } });
    expect(body).toMatchObject({ errors: [{ detail: 'must be open: only open dead letters can be replayed' }] });
  });
});

it('a replay is said to be completed once that is on disk, and once', async () => {
  const service = await startTestService({ ROLE: 'api' });
  await bury(service, 1);
  const { body } = await replay(service, { filter: { errorClass: 'provider_fault' } });
  const ends = { table: 'replays', on: 'UPDATE', when: `NEW.state <> 'running'` } as const;
  const { mend } = await refuse(service.database, { ...NO_ROOM, ...ends, atCommit: true });
  const { destination, lines } = keepLines();
  const said = (words: string) => lines.filter((line) => line.includes(words)).length;
  await service.replica({ ROLE: 'worker' }, pino(destination));
  await expect.poll(() => said('a replay could not go on')).toBeGreaterThan(0);
  expect(said('a replay is completed')).toBe(0);
  await mend();
  expect(await ended(service, body.id)).toMatchObject({ state: 'completed', done: 1 });
  await expect.poll(() => said('a replay is completed')).toBe(1);
});
