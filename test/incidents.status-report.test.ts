import { expect, it } from 'vitest';
import { quotation } from '../src/incidents/status.report.js';

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
