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
  const { quote, told } = await startQuoting({}, () => {
    asked += 1;
    return { status: { description: `Look ${asked}` }, components: [], incidents: [] };
  });
  await Promise.all([quote(), quote()]);
  await quote();
  expect(await told()).toEqual([
    'The provider\'s status page says: "Look 1".',
    'The provider\'s status page says: "Look 2".',
  ]);
});

it('quotes the components that are configured, and no others', async () => {
  const { quote, told } = await startQuoting({ TWILIO_STATUS_COMPONENTS: ' sms, Verify' }, () => ({
    status: { description: 'Partial System Outage' },
    components: [
      { name: 'SMS', status: 'major_outage' },
      { name: 'WhatsApp', status: 'partial_outage' },
      { name: 'Verify', status: 'degraded_performance' },
    ],
    incidents: [],
  }));
  await quote();
  expect(await told()).toEqual([
    'The provider\'s status page says: "Partial System Outage"; SMS: major outage; Verify: degraded performance.',
  ]);
});

/** A service with an incident, and what its timeline quotes from a status page. */
async function startQuoting(env: Record<string, string>, summary: () => unknown) {
  const page = createServer((_, response) => void response.end(JSON.stringify(summary())));
  page.listen(0, '127.0.0.1');
  onTestFinished(() => void page.close());
  await once(page, 'listening');
  const { service, database } = await startTestService({
    ROLE: 'api',
    TWILIO_STATUS_URL: `http://127.0.0.1:${portOf(page)}/summary.json`,
    ...env,
  });
  const { rows } = await database.query<{ id: string }>(
    `INSERT INTO incidents (id, started_at, resources, cause)
     VALUES (new_uuid_v7(), service_now(), '{sms}', 'down') RETURNING id`,
  );
  return {
    quote: () => partOf(service, StatusReport).quote(rows[0]?.id ?? ''),
    told: async () => {
      const events = await database.query<{ sentence: string }>(
        'SELECT DISTINCT sentence FROM incident_events ORDER BY sentence',
      );
      return events.rows.map(({ sentence }) => sentence);
    },
  };
}
