import { expect, it } from 'vitest';
import { Database } from '../src/database/database.js';
import { READ_HEALTH } from '../src/incidents/provider.health.sql.js';
import { ProviderHealth } from '../src/incidents/provider.health.js';
import { moveClock } from './support/clock.js';
import { startTestService, type ServiceUnderTest } from './support/service.js';
import { handsOn } from './support/operator.js';
import { partOf } from './support/part-of.js';
import { startTransaction, untilSomebodyWaits } from './support/transactions.js';

/** What /health says of the provider, and its own status. */
async function healthOf({ api }: ServiceUnderTest): Promise<object> {
  const { status, body } = await api.get<{ details: { provider: object } }>('/health');
  return { answer: status, ...body.details.provider };
}

it.each([
  ['resource:sms', { answer: 503, status: 'down', openCircuits: 1 }],
  ['sender:+15005550006', { answer: 200, status: 'up', openCircuits: 1 }],
])('what an open circuit of %s says of the provider', async (scope, expected) => {
  const test = await startTestService();
  // A process that is late as it starts says so, too.
  await expect.poll(() => healthOf(test)).toMatchObject({ answer: 200, status: 'up', openCircuits: 0 });
  const { id } = await handsOn(test).operator.circuit(scope);
  await test.api.post(`/v1/admin/circuits/${id}/open`);
  await expect.poll(() => healthOf(test)).toMatchObject(expected);
});

it('the provider is down while a resource recovers', async () => {
  const test = await startTestService({ ROLE: 'api' });
  await test.database.query(`
    UPDATE circuits SET state = 'half_open', cause = 'incident', reason = 'test', opened_at = service_now()
    WHERE scope = 'resource:sms'`);
  await expect.poll(() => healthOf(test)).toMatchObject({ answer: 503, status: 'down', openCircuits: 1 });
});

it('the provider is down while all that was tried in the last minute were its faults', async () => {
  const test = await startTestService();
  const health = partOf(test.service, ProviderHealth);
  for (let n = 0; n < 3; n += 1) health.count('sms', 'HTTP status 503');
  const down = { answer: 503, status: 'down', recentAttempts: 3, recentFaults: 3, openCircuits: 0 };
  await expect.poll(() => healthOf(test)).toMatchObject(down);
  health.count('voice', null);
  const up = { answer: 200, status: 'up', recentAttempts: 4, recentFaults: 3, openCircuits: 0 };
  await expect.poll(() => healthOf(test)).toMatchObject(up);
  await moveClock(test.databaseUrl, 61_000);
  await expect.poll(() => healthOf(test)).toMatchObject({ answer: 200, recentAttempts: 0, recentFaults: 0 });
});

it('what counts for an incident is what all replicas saw in its window, since a circuit closed', async () => {
  const { service, database } = await startTestService({ ROLE: 'api' });
  const circuit = (scope: string, state: string, since: string) =>
    database.query(
      `UPDATE circuits SET state = $2, changed_at = service_now() - $3::interval,
         cause = CASE WHEN $2 <> 'closed' THEN 'operator' END, opened_at = CASE WHEN $2 <> 'closed' THEN service_now() END
       WHERE scope = $1`,
      [scope, state, since],
    );
  await circuit('resource:sms', 'closed', '5 s');
  await circuit('resource:voice', 'open', '5 s');
  await database.query(`
    INSERT INTO provider_health (owner, resource, at, attempts, faults)
    SELECT new_uuid_v7(), resource, service_now() - seconds * interval '1 s', attempts, faults
    FROM (VALUES ('sms', 10, 3, 3), ('sms', 2, 5, 4), ('sms', 1, 1, 1), ('voice', 2, 6, 6), ('whatsapp', 70, 7, 7),
      ('whatsapp', 50, 2, 1)) AS seen (resource, seconds, attempts, faults)`);
  const read = () => partOf(service, Database).run(READ_HEALTH, [60_000]);
  const sms = { resource: 'sms', attempts: 6, faults: 5, isRunning: false };
  expect(await read()).toEqual([sms, { resource: 'whatsapp', attempts: 2, faults: 1, isRunning: false }]);
  await circuit('resource:whatsapp', 'half_open', '60 s');
  expect(await read()).toEqual([sms]);
});

it('a fault that comes while the one before is being shared is judged, too', async () => {
  const test = await startTestService({ ROLE: 'api', INCIDENT_THRESHOLD: '2' });
  const health = partOf(test.service, ProviderHealth);
  const other = await startTransaction(test.databaseUrl);
  await other.query('LOCK TABLE provider_health IN EXCLUSIVE MODE');
  health.count('sms', 'HTTP status 503');
  await untilSomebodyWaits(test.databaseUrl);
  health.count('sms', 'HTTP status 503');
  await other.query('COMMIT');
  const { resources } = await handsOn(test).operator.untilIncident(() => true);
  expect(resources).toEqual(['sms']);
});
