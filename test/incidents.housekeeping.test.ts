import { expect, it } from 'vitest';
import { startTestService } from './support/service.js';
import { handsOn } from './support/operator.js';

it('a worker ends an incident whose end was missed, and forgets counts that are older than any window', async () => {
  const test = await startTestService({ ROLE: 'api' });
  await test.database.query(`
    INSERT INTO incidents (id, started_at, resources, cause)
    VALUES (new_uuid_v7(), service_now() - interval '1 hour', '{sms}', 'test')`);
  await test.database.query(`
    INSERT INTO provider_health (owner, resource, at, attempts, faults)
    VALUES (new_uuid_v7(), 'sms', service_now() - interval '2 hours', 2, 2),
      (new_uuid_v7(), 'sms', service_now(), 1, 1)`);
  await test.replica({ ROLE: 'worker' });
  const { timeline } = await handsOn(test).operator.untilIncident(({ endedAt }) => endedAt !== null);
  expect(timeline.map(({ kind }) => kind)).toEqual(['closed']);
  const counts = async () => (await test.database.query('SELECT attempts FROM provider_health')).rows;
  await expect.poll(counts).toEqual([{ attempts: 1 }]);
});
