import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { CLAIM_NEWS, LEAVE_ALONE, NOT_TOLD, TOLD, UNPARK } from '../src/alerts/alert.courier.sql.js';
import { Database } from '../src/database/database.js';
import { deliveryTo, registerOf, testAlarm } from './alerts.setup.js';
import { bodyOf, withWebhook } from './alerts.webhook.setup.js';
import { moveClock } from './support/clock.js';
import { startTestService } from './support/service.js';
import { eventually } from './support/eventually.js';
import { partOf } from './support/part-of.js';

const ONE = { count: { added: 1 } } as const;

it('what a process had to tell when it died is told by another, once its lease is over', async () => {
  const { receiver, register, database, databaseUrl, untilTaken } = await withWebhook();
  const causes = () => receiver.taken.map((heard) => String(bodyOf(heard).data['cause'])).toSorted();
  await database.query('BEGIN');
  const id = await register.raise(testAlarm({ cause: 'first' }), ONE, {
    run: async (statement, values = []) => (await database.query(statement.text, [...values])).rows,
  });
  await database.query(
    `INSERT INTO alert_deliveries (alert_id, sink, lease_token, leased_until)
     VALUES ($1, 'webhook', new_uuid_v7(), service_now() + interval '30 seconds')`,
    [id],
  );
  await database.query('COMMIT');
  await register.raise(testAlarm({ cause: 'second' }), ONE);
  await untilTaken(1);
  expect(causes()).toEqual(['second']);
  await moveClock(databaseUrl, 31_000);
  await untilTaken(2);
  expect(causes()).toEqual(['first', 'second']);
});

/** The log has heard of an alert. */
async function told() {
  const { api, service, database, databaseUrl } = await startTestService({ ROLE: 'api' });
  const register = registerOf(service);
  const id = await register.raise(testAlarm({ ends: 'with_its_cause' }), ONE);
  const delivery = () => deliveryTo(api, 'log');
  await eventually(delivery, (seen) => seen?.told === 'opened');
  return { id, delivery, database, databaseUrl, register, run: partOf(service, Database) };
}

it('what a sink answers to a process that has lost its lease is nothing that it was told', async () => {
  const { id, delivery, run } = await told();
  const before = await delivery();
  await run.run(TOLD, [id, 'log', randomUUID(), 'resolved', 2, 'critical']);
  await run.run(NOT_TOLD, [id, 'log', randomUUID(), 'It answered 500', 1000, 24]);
  expect(await delivery()).toEqual(before);
});

it('a sink that asks for a moment hears nothing sooner than it would have', async () => {
  const { database, run } = await told();
  await database.query(`UPDATE alert_deliveries SET due_at = service_now() + interval '1 hour'`);
  await run.run(LEAVE_ALONE, ['log', 1000]);
  const { rows } = await database.query(
    `SELECT due_at > service_now() + interval '30 minutes' AS later FROM alert_deliveries`,
  );
  expect(rows).toEqual([{ later: true }]);
});

it.each([
  ['half a minute waits for no longer, however often it has failed', '30', 30],
  ['a day waits for about an hour', '86400', 75 * 60],
])('the rest of the news of a sink that asks for %s', async (_, retryAfter, seconds) => {
  const { api, receiver, register, database, untilTaken } = await withWebhook();
  await register.raise(testAlarm({ cause: 'other' }), ONE);
  await untilTaken(1);
  await eventually(
    () => deliveryTo(api, 'webhook'),
    (delivery) => delivery?.told === 'opened',
  );
  receiver.mood = 429;
  receiver.retryAfter = retryAfter;
  await database.query('BEGIN');
  const id = await register.raise(testAlarm({ cause: 'failing' }), ONE, {
    run: async (statement, values = []) => (await database.query(statement.text, [...values])).rows,
  });
  await database.query(`INSERT INTO alert_deliveries (alert_id, sink, failures) VALUES ($1, 'webhook', 8)`, [id]);
  await database.query('COMMIT');
  const otherWaits = async () => {
    const { rows } = await database.query<{ seconds: number }>(
      `SELECT extract(epoch FROM due_at - service_now())::int AS seconds FROM alert_deliveries
       WHERE sink = 'webhook' AND alert_id <> $1`,
      [id],
    );
    return rows[0]?.seconds ?? 0;
  };
  expect(await eventually(otherWaits, (waits) => waits > 0)).toBeLessThanOrEqual(seconds);
});

it('a sink that asks for a moment keeps no other sink waiting', async () => {
  const { id, database, run } = await told();
  await database.query(`INSERT INTO alert_deliveries (alert_id, sink) VALUES ($1, 'slack')`, [id]);
  await run.run(LEAVE_ALONE, ['slack', 3_600_000]);
  const { rows } = await database.query(
    'SELECT sink, due_at > service_now() AS waits FROM alert_deliveries ORDER BY sink',
  );
  expect(rows).toEqual([
    { sink: 'log', waits: false },
    { sink: 'slack', waits: true },
  ]);
});

it('a sink is given up after a day of failures in a row: what it took, a start and the end begin another day', async () => {
  const { id, database, databaseUrl, register, run } = await told();
  const leaseToken = randomUUID();
  // Nobody asks this sink but the test: it is not configured.
  await database.query(`INSERT INTO alert_deliveries (alert_id, sink) VALUES ($1, 'slack')`, [id]);
  const lease = () => database.query(`UPDATE alert_deliveries SET lease_token = $1 WHERE sink = 'slack'`, [leaseToken]);
  const fails = async () => {
    await lease();
    const answer = [id, 'slack', leaseToken, 'It answered 500', 1000, 24];
    const [written] = await run.run<{ parked: boolean }>(NOT_TOLD, answer);
    return written?.parked;
  };
  const aDay = () => moveClock(databaseUrl, 25 * 3_600_000);
  const due = async () =>
    (await database.query(`SELECT due_at <= service_now() AS due FROM alert_deliveries WHERE sink = 'slack'`)).rows;

  expect(await fails()).toBe(false);
  await lease();
  await run.run(TOLD, [id, 'slack', leaseToken, 'opened', 1, 'error']);
  await aDay();
  expect(await fails()).toBe(false);
  await aDay();
  expect(await fails()).toBe(true);

  await run.run(UNPARK, [['slack']]);
  expect(await due()).toEqual([{ due: true }]);
  expect(await fails()).toBe(false);
  await aDay();
  expect(await fails()).toBe(true);

  await moveClock(databaseUrl, 3_600_000);
  await register.resolve(testAlarm().cause, 'It is over.');
  const claimed = await run.run(CLAIM_NEWS, [['slack'], [60_000], [null], [8], leaseToken, 30_000]);
  expect(claimed).toMatchObject([{ change: 'resolved', failures: 0 }]);
  expect(await fails()).toBe(false);
});
