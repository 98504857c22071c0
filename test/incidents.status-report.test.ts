import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { quotation, StatusReport } from '../src/incidents/status.report.js';
import { partOf } from './support/part-of.js';
import { portOf } from './support/port-of.js';
import { startTestService } from './support/service.js';

const incident = (name: string) => ({
  name,
  status: 'investigating',
  impact: 'major',
  startedAt: '2026-12-01T11:58:00.000Z',
  url: null,
});

it('quotes what the status page says, and no more than a few of its incidents', () => {
  const said = quotation({
    reachable: true,
    description: 'Partial System Outage',
    components: [{ name: 'SMS', status: 'major_outage' }],
    incidents: ['one', 'two', 'three', 'four', 'five'].map(incident),
  });
  expect(said).toBe(
    'The provider\'s status page says: "Partial System Outage"; SMS: major outage; ' +
      'incident "one" (investigating, since 2026-12-01T11:58:00.000Z); ' +
      'incident "two" (investigating, since 2026-12-01T11:58:00.000Z); ' +
      'incident "three" (investigating, since 2026-12-01T11:58:00.000Z) and 2 more.',
  );
});

it('says so when the page cannot be read', () => {
  expect(quotation({ reachable: false })).toBe("The provider's status page could not be read.");
});

it('reads the page anew each time, and once for all who ask at the same time', async () => {
  let asked = 0;
  const page = createServer((_, response) => {
    asked += 1;
    response.end(JSON.stringify({ status: { description: `Look ${asked}` }, components: [], incidents: [] }));
  });
  page.listen(0, '127.0.0.1');
  onTestFinished(() => void page.close());
  await once(page, 'listening');
  const { service, database } = await startTestService({
    ROLE: 'api',
    TWILIO_STATUS_URL: `http://127.0.0.1:${portOf(page)}/summary.json`,
  });
  const { rows } = await database.query<{ id: string }>(
    `INSERT INTO incidents (id, started_at, resources, cause)
     VALUES (new_uuid_v7(), service_now(), '{sms}', 'down') RETURNING id`,
  );
  const quote = () => partOf(service, StatusReport).quote(rows[0]?.id ?? '');
  await Promise.all([quote(), quote()]);
  await quote();
  const told = await database.query('SELECT DISTINCT sentence FROM incident_events ORDER BY sentence');
  expect(told.rows.map(({ sentence }) => sentence)).toEqual([
    'The provider\'s status page says: "Look 1".',
    'The provider\'s status page says: "Look 2".',
  ]);
});
