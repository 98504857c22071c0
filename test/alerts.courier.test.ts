import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { LEAVE_ALONE, NOT_TOLD, TOLD } from '../src/alerts/alert.courier.sql.js';
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
  const { api, service, database } = await startTestService({ ROLE: 'api' });
  const id = await registerOf(service).raise(testAlarm(), ONE);
  const delivery = () => deliveryTo(api, 'log');
  await eventually(delivery, (seen) => seen?.told === 'opened');
  return { id, delivery, database, run: partOf(service, Database) };
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
