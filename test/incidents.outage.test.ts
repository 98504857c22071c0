import type { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import {
  expireNow,
  fewestInFlight,
  incidentThatStops,
  PROBE_MS,
  SENSITIVE,
  untilHeldInOrder,
  untilJudged,
} from './incidents.setup.js';
import type { IncidentDetailsDto } from '../src/incidents/incidents.dto.js';
import { alertsOf } from './alerts.setup.js';
import { ProviderHealth } from '../src/incidents/provider.health.js';
import type { RunningService } from '../src/service.js';
import { eventually } from './support/eventually.js';
import { freePort } from './support/free-port.js';
import { handsOn } from './support/operator.js';
import { partOf } from './support/part-of.js';
import { creations, startTestService } from './support/service.js';

const DOWN = { fault: { kind: 'status', status: 503 } };
const sms = (number: number, more: object = {}) => ({
  to: `+1555123${String(number).padStart(4, '0')}`,
  channels: ['sms'],
  body: `Hello ${number}`,
  ...more,
});

describe('an outage of the provider', () => {
  it('stops both replicas but for probes, lets everything out when it is over, and tells the story', async () => {
    const test = await startTestService(SENSITIVE);
    const { operator, provider } = handsOn(test);
    const other = await test.replica();
    await provider.fail('*', DOWN);

    const during = await Promise.all([
      ...[1, 2, 3].map((number) => test.api.send(sms(number))),
      ...[4, 5, 6].map((number) => test.api.send(sms(number, { channels: ['whatsapp'] }))),
    ]);
    const opened = await operator.untilIncident(() => true);
    expect(opened.endedAt).toBeNull();
    expect(opened.timeline[0]?.kind).toBe('opened');
    await eventually(
      () => [test.service, other].map((service) => incidentThatStops('sms', service)),
      (ids) => ids.every((id) => id === opened.id),
    );

    during.push(...(await Promise.all([7, 8, 9, 10, 11, 12].map((number) => test.api.send(sms(number))))));
    const spent = async () => {
      const { rows } = await test.database.query<{ retries: number; waited: number; held: number }>(
        `SELECT sum(retries)::int AS retries, sum(waited_ms)::int AS waited, count(held_by)::int AS held FROM outbox`,
      );
      return rows[0];
    };
    // None is on its way any more, neither as a probe nor from before: what is spent from here on, probes spend.
    const before = await eventually(spent, (now) => now?.held === during.length);
    const from = Date.now();
    const probesIn = ({ timeline }: Pick<IncidentDetailsDto, 'timeline'>, resource: string) =>
      timeline
        .filter(({ kind, sentence }) => kind === 'probe_sent' && sentence.startsWith(resource))
        .map(({ at }) => Date.parse(at));
    await operator.untilIncident((incident) =>
      ['sms', 'whatsapp'].every((resource) => probesIn(incident, resource).filter((at) => at > from).length >= 5),
    );
    const until = Date.now();
    expect(await spent()).toMatchObject({ retries: before?.retries, waited: before?.waited });
    const within = (at: number) => at > from && at < until;
    const seen = (await creations(test.simulator.url)).filter(({ at }) => within(at));
    const seenOf = (resource: string) =>
      seen.filter(({ to }) => to.startsWith('whatsapp:') === (resource === 'whatsapp')).length;
    // A probe is told of in the background, so its result may be in the timeline a moment before it.
    const { timeline } = await operator.untilIncident((incident) =>
      ['sms', 'whatsapp'].every((resource) => {
        // What the provider sees are these probes and nothing else; one may be on its way at either end.
        const started = probesIn(incident, resource).filter(within).length;
        return fewestInFlight(incident, resource) >= 0 && Math.abs(seenOf(resource) - started) <= 1;
      }),
    );
    for (const resource of ['sms', 'whatsapp']) {
      const probes = probesIn({ timeline }, resource);
      // Each is told when it leaves, which is a moment after its turn: one may come late and the next one in time.
      const turns = ((probes.at(-1) ?? 0) - (probes[0] ?? 0)) / PROBE_MS;
      expect(probes.length - 1).toBeLessThanOrEqual(turns + 1);
      const told = timeline.filter(({ sentence }) => sentence.startsWith(`${resource}:`)).map(({ kind }) => kind);
      expect(new Set(told)).toEqual(new Set(['probe_sent', 'probe_failed']));
      // A probe that failed goes to the back, so that another one is tried next.
      const tried = timeline.flatMap(({ kind, sentence }) =>
        kind === 'probe_sent' && sentence.startsWith(resource) ? [/notification (\S+) /.exec(sentence)?.[1]] : [],
      );
      expect(new Set(tried).size).toBeGreaterThan(1);
    }

    // Each is counted once, however often it was a probe that failed.
    await eventually(
      () => alertsOf(test.api),
      ([alert]) => alert?.count === during.length,
    );
    await provider.heal();
    for (const id of during) await test.api.untilStatus(id, 'sent', 'delivered');
    const over = await operator.untilIncident(({ endedAt }) => endedAt !== null);
    expect((await operator.incidents()).length).toBe(1);
    expect(over.resources.toSorted()).toEqual(['sms', 'whatsapp']);
    expect(over.held).toBe(12);
    expect(over.timeline.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['opened', 'probe_sent', 'probe_failed', 'half_open', 'circuit_closed', 'closed']),
    );
    expect(over.timeline.at(-1)?.sentence).toMatch(
      /^The incident is over after .+: it held 12 notifications at most at once; nothing went to the review queue/,
    );
    for (const scope of ['resource:sms', 'resource:whatsapp']) {
      expect(await operator.circuit(scope)).toMatchObject({
        state: 'closed',
        reason: null,
        openedAt: null,
        heldCount: 0,
      });
    }
  });

  it('stops again when a fault comes back while traffic ramps up, and still sends each notification once', async () => {
    const test = await startTestService(SENSITIVE);
    const { operator, provider } = handsOn(test);
    await provider.fail('*', DOWN);
    // For these it is only over for a moment: however quickly traffic ramps up, it meets them.
    for (let number = 5; number < 50; number += 1) await provider.fail(sms(number).to, DOWN);
    const ids = await Promise.all(Array.from({ length: 50 }, (_, number) => test.api.send(sms(number))));
    await operator.untilIncident(() => true);
    await untilHeldInOrder(test, ids);
    await provider.heal('*');
    const reopened = await operator.untilIncident(({ timeline }) => timeline.some(({ kind }) => kind === 'reopened'));
    expect(reopened.timeline.map(({ kind }) => kind)).toContain('half_open');
    expect(reopened.endedAt).toBeNull();

    await provider.heal();
    for (const id of ids) await test.api.untilStatus(id, 'sent', 'delivered');
    await operator.untilIncident(({ endedAt }) => endedAt !== null);
    const { rows } = await test.database.query(
      `SELECT count(*)::int AS accepted, count(DISTINCT notification_id)::int AS notifications FROM attempts
       WHERE outcome = 'accepted'`,
    );
    expect(rows).toEqual([{ accepted: ids.length, notifications: ids.length }]);
    expect(await operator.incidents()).toHaveLength(1);
  });

  it('goes on when a lone fault meets traffic that ramps up', async () => {
    const test = await startTestService(SENSITIVE);
    const { operator, provider } = handsOn(test);
    await provider.fail('*', DOWN);
    const ids = await Promise.all(Array.from({ length: 100 }, (_, number) => test.api.send(sms(number))));
    await operator.untilIncident(() => true);
    // In steps of 1, 2, 4 …: the fault meets the sixth, and a seventh is still held.
    await untilHeldInOrder(test, ids);
    const once = { times: 1, match: { resource: 'messages' }, fault: { kind: 'status', status: 500 } };
    await provider.fail(sms(40).to, once);
    await provider.heal('*');
    for (const id of ids) await test.api.untilStatus(id, 'sent', 'delivered');
    const over = await operator.untilIncident(({ endedAt }) => endedAt !== null);
    expect(over.timeline.map(({ kind }) => kind)).not.toContain('reopened');
    const [delivery] = (await test.api.until(ids[40] ?? '', () => true)).deliveries;
    expect(delivery?.attempts.map(({ httpStatus }) => httpStatus)).toContain(500);
  });

  it('lets held work out in growing steps and in priority order, and expires what is too late', async () => {
    const test = await startTestService(SENSITIVE);
    const { operator, provider } = handsOn(test);
    await provider.fail('*', DOWN);
    await Promise.all([1, 2, 3, 4, 5, 6].map((number) => test.api.send(sms(number, { category: 'otp' }))));
    await operator.untilIncident(() => true);
    const marketing = await Promise.all(
      Array.from({ length: 20 }, (_, i) => test.api.send(sms(100 + i, { category: 'marketing' }))),
    );
    const urgent = await Promise.all(
      Array.from({ length: 20 }, (_, i) => test.api.send(sms(200 + i, { category: 'alert' }))),
    );
    const late = await test.api.send(sms(300));
    const untilHeld = (count: number) =>
      eventually(
        () => operator.circuit('resource:sms'),
        ({ heldCount }) => heldCount === count,
      );
    await untilHeld(47);
    await expireNow(test.database, late);
    expect((await test.api.untilStatus(late, 'expired')).deadLetter).toBeNull();
    await untilHeld(46);

    const healed = Date.now();
    await provider.heal();
    for (const id of [...urgent, ...marketing]) await test.api.untilStatus(id, 'sent', 'delivered');
    const sent = (await creations(test.simulator.url)).filter(({ at }) => at >= healed);
    const median = (digits: string) => {
      const times = sent.filter(({ to }) => to.startsWith(digits)).map(({ at }) => at);
      return times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0;
    };
    // One step may hold both, and what was a probe before is looked up first.
    expect(median('+155512302')).toBeLessThan(median('+155512301'));
    // 1, 2, 4, 8, 16 …: six steps of a quarter of a second let out 46.
    expect(Math.max(...sent.map(({ at }) => at)) - healed).toBeGreaterThan(1000);
    const over = await operator.untilIncident(({ endedAt }) => endedAt !== null);
    expect(over.timeline.at(-1)?.sentence).toContain(
      'nothing went to the review queue; 1 notification expired while waiting.',
    );
  });
});

describe('the detection of an incident', () => {
  it('adds up what all replicas saw, and makes one incident of what they see at the same time', async () => {
    const test = await startTestService({ INCIDENT_THRESHOLD: '10', INCIDENT_PROBE_MS: '60000' });
    const { operator } = handsOn(test);
    const other = await test.replica();
    const [here, there] = [test.service, other].map((service) => partOf(service, ProviderHealth));
    const count = (health: ProviderHealth | undefined, faults: number, attempts: number) => {
      for (let n = 0; n < attempts; n += 1) health?.count('sms', n < faults ? 'HTTP status 500' : null);
    };

    count(here, 5, 5);
    count(there, 4, 4);
    await untilTold(test.database, 9, test.service, other);
    expect(await operator.incidents()).toEqual([]);
    // Ten faults now, but of twenty-one attempts.
    count(here, 0, 11);
    await untilTold(test.database, 20, test.service, other);
    count(there, 1, 1);
    await untilTold(test.database, 21, test.service, other);
    expect(await operator.incidents()).toEqual([]);

    count(here, 10, 10);
    count(there, 10, 10);
    const incident = await operator.untilIncident(() => true);
    await untilTold(test.database, 41, test.service, other);
    expect(await operator.incidents()).toHaveLength(1);
    expect(incident.resources).toEqual(['sms']);
    expect(incident.timeline.filter(({ kind }) => kind === 'opened')).toHaveLength(1);
    await eventually(
      () => [test.service, other].map((service) => incidentThatStops('sms', service)),
      (ids) => ids.every((id) => id === incident.id),
    );
    expect(incidentThatStops('voice', other)).toBeNull();
  });

  it('takes faults on two resources together, and closes what holds nothing once the other has recovered', async () => {
    const test = await startTestService({ INCIDENT_THRESHOLD: '10', INCIDENT_PROBE_MS: '300' });
    const { operator } = handsOn(test);
    const health = partOf(test.service, ProviderHealth);
    for (let n = 0; n < 5; n += 1) health.count('voice', 'HTTP status 500');
    for (let n = 0; n < 50; n += 1) health.count('sms', n < 4 ? 'HTTP status 500' : null);
    await untilTold(test.database, 55, test.service);
    expect(await operator.incidents()).toEqual([]);
    health.count('sms', 'HTTP status 502');
    const incident = await operator.untilIncident(() => true);
    expect(incident.resources.toSorted()).toEqual(['sms', 'voice']);
    expect(incident.cause).toContain('10 provider faults');

    const id = await test.api.send(sms(1));
    await test.api.untilStatus(id, 'delivered');
    const over = await operator.untilIncident(({ endedAt }) => endedAt !== null);
    expect(over.timeline.at(-2)?.sentence).toMatch(/^voice: nothing waits on it/);
    // What was before is over: one more fault makes no incident.
    health.count('sms', 'HTTP status 500');
    await untilTold(test.database, 58, test.service);
    expect(await operator.incidents()).toHaveLength(1);
  });

  it('claims the dead letters that the outage caused before it was recognised', async () => {
    const nobody = await freePort();
    const test = await startTestService({
      INCIDENT_THRESHOLD: '4',
      RETRY_MAX: '0',
      TWILIO_BASE_URL: `http://127.0.0.1:${nobody}`,
    });
    const { operator } = handsOn(test);
    const ids = [];
    for (const number of [1, 2, 3]) ids.push(await test.api.send(sms(number)));
    for (const id of ids) await test.api.untilStatus(id, 'failed');
    ids.push(await test.api.send(sms(4)));
    const incident = await operator.untilIncident(() => true);
    // The fourth may be on disk a moment later: then it is claimed at the end.
    expect(incident.deadLetterCount).toBeGreaterThanOrEqual(3);
    expect(incident.deadLetters.map(({ notificationId }) => notificationId)).toEqual(
      expect.arrayContaining(ids.slice(0, 3)),
    );
    expect(incident.deadLetters.every(({ incidentId }) => incidentId === incident.id)).toBe(true);
  });
});

/** Until they have told so many attempts in all, and judged them. */
async function untilTold(database: Client, attempts: number, ...replicas: readonly RunningService[]): Promise<void> {
  await eventually(
    async () => (await database.query('SELECT sum(attempts)::int AS told FROM provider_health')).rows[0]?.told,
    (told) => told === attempts,
  );
  await untilJudged(...replicas);
}
