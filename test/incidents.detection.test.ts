import { describe, expect, it } from 'vitest';
import { newIncident, spreadOfIncident } from '../src/incidents/incident.policy.js';
import { ProviderHealth } from '../src/incidents/provider.health.js';
import { handsOn } from './support/operator.js';
import { partOf } from './support/part-of.js';
import { startTestService } from './support/service.js';

describe('an incident', () => {
  const health = (...numbers: [attempts: number, faults: number][]) =>
    numbers.map(([attempts, faults], index) => ({
      resource: (['sms', 'whatsapp', 'voice'] as const)[index] ?? 'voice',
      attempts,
      faults,
    }));

  it.each([
    ['faults on two resources that make the threshold together', health([1000, 6], [1000, 4]), ['sms', 'whatsapp']],
    ['half of the attempts on one', health([20, 10]), ['sms']],
    ['only the resources that have faults', health([10, 0], [10, 5], [10, 5]), ['whatsapp', 'voice']],
  ])('is seen in %s', (_, seen, affected) => {
    expect(newIncident(seen, 10).map(({ resource }) => resource)).toEqual(affected);
  });

  it.each([
    ['fewer faults than the threshold', health([9, 9])],
    ['fewer faults than the threshold on two resources', health([5, 5], [4, 4])],
    ['less than half of the attempts on one', health([21, 10])],
    ['no attempts at all', []],
  ])('is not seen in %s', (_, seen) => {
    expect(newIncident(seen, 10)).toEqual([]);
  });

  it.each([
    ['half of the attempts on another resource', health([4, 2], [5, 2]), ['sms']],
    ['as many faults of its own as the threshold', health([1000, 10], [1000, 9]), ['sms']],
    ['a single fault', health([1, 1]), []],
  ])('that runs spreads by %s', (_, seen, affected) => {
    expect(spreadOfIncident(seen, 10).map(({ resource }) => resource)).toEqual(affected);
  });
});

it('an incident spreads to a resource by more than one fault of its own, and says how many there were', async () => {
  const test = await startTestService({ INCIDENT_THRESHOLD: '4', INCIDENT_PROBE_MS: '60000' });
  const { operator } = handsOn(test);
  const health = partOf(test.service, ProviderHealth);
  const fail = (resource: 'sms' | 'whatsapp' | 'voice', times: number) => {
    for (let n = 0; n < times; n += 1) health.count(resource, 'HTTP status 503');
  };
  fail('sms', 4);
  await operator.untilIncident(({ resources }) => resources.length === 1);
  fail('whatsapp', 1);
  fail('voice', 2);
  // Whoever judges the faults on voice has read the one on WhatsApp, too.
  const spread = await operator.untilIncident(({ resources }) => resources.includes('voice'));
  expect(spread.resources).toEqual(['sms', 'voice']);
  fail('whatsapp', 1);
  const { timeline } = await operator.untilIncident(({ resources }) => resources.includes('whatsapp'));
  expect(timeline.filter(({ kind }) => kind === 'extended').map(({ sentence }) => sentence)).toEqual([
    'It affects voice too: 2 provider faults within 60 s on voice (the last: HTTP status 503).',
    'It affects whatsapp too: 2 provider faults within 60 s on whatsapp (the last: HTTP status 503).',
  ]);
  expect(await operator.incidents()).toHaveLength(1);
});

it('an incident that begins with one fault says so', async () => {
  const test = await startTestService({ INCIDENT_THRESHOLD: '1', INCIDENT_PROBE_MS: '60000' });
  partOf(test.service, ProviderHealth).count('sms', 'HTTP status 503');
  const { cause } = await handsOn(test).operator.untilIncident(() => true);
  expect(cause).toBe('1 provider fault within 60 s on sms (the last: HTTP status 503)');
});
