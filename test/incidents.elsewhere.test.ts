import { expect, it } from 'vitest';
import { circuitId } from '../src/incidents/circuit.scope.js';
import { keeperHasLooked } from './incidents.setup.js';
import { startTestService } from './support/service.js';

it('a resource that holds nothing is over only with another that recovered since, while none is still at it', async () => {
  const { service, database } = await startTestService();
  const { rows } = await database.query<{ id: string }>(
    `INSERT INTO incidents (id, started_at, resources, cause)
     VALUES (new_uuid_v7(), service_now() - interval '1 hour', '{sms,whatsapp,voice}', 'test') RETURNING id`,
  );
  const incidentId = rows[0]?.id;
  const set = (channel: string, columns: string) =>
    database.query(`UPDATE circuits SET ${columns} WHERE id = $1`, [
      circuitId(`resource:${channel}` as 'resource:sms'),
    ]);
  const because = `cause = 'incident', incident_id = '${incidentId}', reason = 'test'`;
  const state = async () => {
    await keeperHasLooked(service);
    const found = await database.query(`SELECT state FROM circuits WHERE scope = 'resource:sms'`);
    return found.rows[0]?.state;
  };
  // Voice has recovered, but that was before SMS was stopped; WhatsApp recovers, and its next step is far away.
  await set(
    'whatsapp',
    `state = 'half_open', opened_at = service_now(), next_probe_at = service_now() + interval '1 h', ${because}`,
  );
  await set('voice', `recovered_from = '${incidentId}', changed_at = service_now() - interval '20 s'`);
  await set(
    'sms',
    `state = 'open', opened_at = service_now() - interval '10 s', next_probe_at = service_now() + interval '1 h', ${because}`,
  );
  expect(await state()).toBe('open');
  await set('voice', 'changed_at = service_now()');
  expect(await state()).toBe('open');
  await set('voice', `changed_at = service_now() - interval '20 s'`);
  await set('whatsapp', `state = 'closed', cause = NULL, opened_at = NULL, incident_id = NULL`);
  expect(await state()).toBe('open');
  await set('voice', 'changed_at = service_now()');
  await expect.poll(state).toBe('closed');
});

it('a circuit that is closed and holds nothing is left alone', async () => {
  const { service, database } = await startTestService();
  const versions = async () =>
    (await database.query('SELECT id, xmin::text AS version FROM circuits ORDER BY id')).rows;
  const before = await versions();
  await keeperHasLooked(service);
  expect(await versions()).toEqual(before);
});
