import { expect, it } from 'vitest';
import { DEAD_LETTER, failure, startOutbox } from './outbox.setup.js';

/** A day with three outages of SMS; the last one began half a minute after the second was over. */
const OUTAGES = [
  ['12:00:00', '12:10:00'],
  ['12:30:00', '12:40:00'],
  ['12:40:30', '12:50:00'],
] as const;
const at = (time: string) => new Date(`2026-11-20T${time}Z`);

const FAULT = failure('unknown');

const CASES = [
  ['began while it lasted', '12:05:00', 0, {}],
  ['began in the minute before it was recognised', '11:59:00', 0, {}],
  ['began before that minute', '11:58:59.999', null, {}],
  ['began in its last moment', '12:10:00', 0, {}],
  ['began after it', '12:10:00.001', null, {}],
  ['began in two of them', '12:39:45', 2, {}],
  ['went by another channel', '12:05:00', null, { channels: ['voice'] as const }],
  ['was refused for what it is', '12:05:00', null, { failed: failure() }],
] as const;

it('a dead letter that comes when an incident is over belongs to it where its attempt met its faults', async () => {
  const test = await startOutbox({ INCIDENT_WINDOW_MS: '60000' });
  const incidents: unknown[] = [];
  for (const [from, to] of OUTAGES) {
    const [incident] = await test.rows(
      `INSERT INTO incidents (id, started_at, ended_at, resources, cause)
       VALUES (new_uuid_v7(), $1, $2, '{sms}', 'faults') RETURNING id`,
      [at(from), at(to)],
    );
    incidents.push(incident?.['id']);
  }
  const belonging: [string, unknown][] = [];
  for (const [name, time, , more] of CASES) {
    const {
      failed = FAULT,
      channels = ['sms'] as const,
    }: { failed?: typeof FAULT; channels?: readonly ['sms' | 'voice'] } = more;
    const work = await test.lease({ channels });
    await test.fail(work, { step: DEAD_LETTER, failure: failed, attempt: { startedAt: at(time), durationMs: 10 } });
    const [letter] = await test.rows('SELECT incident_id FROM dead_letters WHERE notification_id = $1', [
      work.notificationId,
    ]);
    const found = incidents.indexOf(letter?.['incident_id']);
    belonging.push([name, letter && found === -1 ? null : found]);
  }
  expect(belonging).toEqual(CASES.map(([name, , incident]) => [name, incident]));
});
