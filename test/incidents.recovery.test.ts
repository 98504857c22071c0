import { describe, expect, it } from 'vitest';
import { Database } from '../src/database/database.js';
import { CircuitBoard } from '../src/incidents/circuit.board.js';
import { CircuitStore } from '../src/incidents/circuit.store.js';
import { GIVE_PROBE_BACK } from '../src/incidents/circuit.store.sql.js';
import { Circuits } from '../src/incidents/circuits.js';
import { IncidentTimeline } from '../src/incidents/incident.timeline.js';
import { ProviderHealth } from '../src/incidents/provider.health.js';
import type { Channel, ErrorClass } from '../src/policy/vocabulary.js';
import { openCircuit, SENDER, SMS } from './incidents.circuit.setup.js';
import { untilJudged } from './incidents.setup.js';
import { DEAD_LETTER, startOutbox, type OutboxUnderTest } from './outbox.setup.js';
import { moveClock } from './support/clock.js';
import { eventually } from './support/eventually.js';
import { failureOfClass } from './support/failure.js';
import { freePort } from './support/free-port.js';
import { handsOn } from './support/operator.js';
import { partOf } from './support/part-of.js';
import { startTestService } from './support/service.js';

const to = (number: number) => `+1555129${String(number).padStart(4, '0')}`;

describe('the probe of an open circuit', () => {
  it('does not wait for the turn of its sender, which owes that send', async () => {
    const { service, hold, probe, claim, one } = await openCircuit();
    const id = await hold();
    expect(await probe()).toBe(true);
    const work = await claim();
    expect(work).toMatchObject({ notificationId: id, probe: true });
    expect(await one('tokens')).toBe(1);
    partOf(service, Circuits).onDeparture(work);
    await expect.poll(() => one('tokens')).toBe(0);
  });

  it('is given back where nothing is held, so that the next work is one at once; and only one is sent', async () => {
    const { hold, probe, one } = await openCircuit();
    expect(await probe()).toBe(false);
    expect(await one('next_probe_at <= service_now()')).toBe(true);
    expect(await one('tokens')).toBe(1);
    await hold();
    await hold();
    expect(await probe()).toBe(true);
    expect(await probe()).toBe(false);
    expect(await one('next_probe_at > service_now()')).toBe(true);
  });

  it('is not given back to a circuit that an operator has opened meanwhile: nothing is to pass that', async () => {
    const { service, id, one } = await openCircuit();
    await partOf(service, CircuitStore).change(SMS, { kind: 'operator_opens', reason: 'wait' });
    await partOf(service, Database).run(GIVE_PROBE_BACK, [id]);
    expect([await one('state'), await one('next_probe_at')]).toEqual(['open', null]);
  });
});

it("a sender's circuit and pace keep nobody from asking what became of its messages", async () => {
  const { service } = await startTestService({ ROLE: 'api', SENDER_RATES: `${SENDER}=1` });
  const [board, circuits] = [partOf(service, CircuitBoard), partOf(service, Circuits)];
  const ask = { channel: 'sms', sender: SENDER, probe: false, stage: 'reconcile' } as const;
  const send = { ...ask, stage: 'send' } as const;
  expect(circuits.blocking(send)).toMatchObject({ cause: 'pace' });
  expect(circuits.blocking(ask)).toBeNull();
  // A probe owes its turn: it is taken off afterwards.
  expect(circuits.blocking({ ...send, probe: true })).toBeNull();
  circuits.onReported(
    { channel: 'sms', sender: SENDER, attemptStartedAt: new Date() },
    { errorClass: 'channel_unavailable', scope: 'sender', rule: 'Twilio code 21606' },
    21606,
  );
  expect(circuits.blocking(send)).toMatchObject({ cause: 'sender_unavailable' });
  expect(circuits.blocking(ask)).toBeNull();
  expect(board.get(`sender:${SENDER}`).state).toBe('open');
});

it('a resource that holds nothing ends no incident because an operator closed other circuits', async () => {
  const test = await startTestService({ INCIDENT_THRESHOLD: '4', INCIDENT_PROBE_MS: '60000' });
  const { operator } = handsOn(test);
  const health = partOf(test.service, ProviderHealth);
  for (const resource of ['sms', 'sms', 'whatsapp', 'whatsapp'] as const) health.count(resource, 'HTTP status 503');
  const { resources } = await operator.untilIncident(() => true);
  expect(resources.toSorted()).toEqual(['sms', 'whatsapp']);
  // Each is held for a while, closed by hand, and let out: the keeper has looked at every circuit meanwhile.
  for (const channel of ['sms', 'voice']) {
    const circuit = await operator.circuit(`resource:${channel}`);
    if (circuit.state === 'closed') await test.api.post(`/v1/admin/circuits/${circuit.id}/open`);
    const id = await test.api.send({ to: to(1), channels: [channel], body: 'Hello' });
    await eventually(
      () => operator.circuit(circuit.scope),
      ({ heldCount }) => heldCount === 1,
    );
    await operator.close(circuit.scope);
    await test.api.untilStatus(id, 'delivered');
  }
  expect(await operator.circuit('resource:whatsapp')).toMatchObject({ state: 'open', cause: 'incident' });

  await moveClock(test.databaseUrl, 60_000);
  await test.api.untilStatus(await test.api.send({ to: to(2), channels: ['whatsapp'], body: 'Hello' }), 'delivered');
  const { timeline } = await operator.untilIncident(({ endedAt }) => endedAt !== null);
  expect(timeline.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['probe_sent', 'half_open']));
  expect(timeline.at(-1)?.sentence).toMatch(/^The incident is over/);
});

it('what failed before the window of an incident neither opens it nor belongs to it', async () => {
  const nobody = `http://127.0.0.1:${await freePort()}`;
  const test = await startTestService({ INCIDENT_THRESHOLD: '4', RETRY_MAX: '0', TWILIO_BASE_URL: nobody });
  const { operator } = handsOn(test);
  const send = (number: number) => test.api.send({ to: to(number), channels: ['sms'], body: 'Hello' });
  const told = (faults: number) =>
    eventually(
      async () => (await test.database.query('SELECT sum(faults)::int AS told FROM provider_health')).rows[0]?.told,
      (seen) => seen === faults,
    );
  const ids = [];
  for (const number of [1, 2, 3, 4]) {
    ids.push(await send(number));
    await test.api.untilStatus(ids.at(-1) ?? '', 'failed');
    await told(number);
    if (number === 1) await moveClock(test.databaseUrl, 61_000);
  }
  // Four in all.
  await untilJudged(test.service);
  expect(await operator.incidents()).toEqual([]);
  await send(5);
  const incident = await operator.untilIncident(({ deadLetterCount }) => deadLetterCount >= 3);
  const belonging = incident.deadLetters.map(({ notificationId }) => notificationId);
  expect(belonging).toEqual(expect.arrayContaining(ids.slice(1)));
  expect(belonging).not.toContain(ids[0]);
});

it('what its faults left open belongs to an incident, also where it comes to the review queue after the end', async () => {
  // More retries than pass before the incident is open, however busy the machine is.
  const test = await startTestService({ INCIDENT_THRESHOLD: '2', RETRY_MAX: '20' });
  const { operator, provider } = handsOn(test);
  await provider.fail('*', { match: { resource: ['messages', 'list'] }, fault: { kind: 'status', status: 503 } });
  const lost = { to: to(1), channels: ['sms'], body: 'Hello', onUnknown: 'review' };
  const ids = [await test.api.send(lost), await test.api.send({ ...lost, to: to(2) })];
  await operator.untilIncident(() => true);
  await eventually(
    async () =>
      (await test.database.query(`SELECT held_by IS NOT NULL AS held FROM outbox WHERE stage = 'reconcile'`)).rows,
    (rows) => rows.length === 2 && rows.every(({ held }) => held),
  );
  await provider.heal();
  await operator.close(SMS);
  for (const id of ids) await test.api.untilStatus(id, 'failed');
  const incident = await operator.untilIncident(() => true);
  // Nothing was asked before: who failed is known only once it is over.
  for (const { openedAt } of incident.deadLetters) expect(openedAt > (incident.endedAt ?? '')).toBe(true);
  expect(incident.deadLetters.map(({ notificationId }) => notificationId).toSorted()).toEqual(ids);
});

describe('what failed at the end belongs', () => {
  /** An incident of SMS, from and until so many seconds from now. */
  const incident = async ({ rows }: OutboxUnderTest, from: number, until: number) => {
    const [made] = await rows(
      `INSERT INTO incidents (id, started_at, ended_at, resources, cause)
       VALUES (new_uuid_v7(), service_now() + $1 * interval '1 s', service_now() + $2 * interval '1 s', '{sms}', 'test')
       RETURNING id`,
      [from, until],
    );
    return String(made?.['id']);
  };
  /** A notification goes to the review queue; its attempt began so many seconds ago. */
  const bury = async (test: OutboxUnderTest, channel: Channel, errorClass: ErrorClass, secondsAgo = 0) => {
    const work = await test.lease({ channels: [channel] });
    const startedAt = new Date(work.attemptStartedAt.getTime() - secondsAgo * 1000);
    const attempt = { startedAt, durationMs: 10 };
    await test.fail(work, { step: DEAD_LETTER, attempt, failure: failureOfClass(errorClass) });
    return work.notificationId;
  };

  it.each([
    ['to an incident that had begun and had not ended when its attempt began', 'sms', 'provider_fault', 120, true],
    ['to one whose window it began in', 'sms', 'provider_fault', 200, true],
    ['to none if its attempt began after the end', 'sms', 'provider_fault', 30, false],
    ['to none if its attempt began before the window', 'sms', 'provider_fault', 600, false],
    ['to none on another resource', 'voice', 'provider_fault', 120, false],
    ["to none if it was not the provider's fault", 'sms', 'invalid_request', 120, false],
  ] as const)('%s', async (_, channel, errorClass, secondsAgo, belongs) => {
    const test = await startOutbox();
    const id = await incident(test, -180, -60);
    await bury(test, channel, errorClass, secondsAgo);
    expect(await test.rows('SELECT incident_id FROM dead_letters')).toEqual([{ incident_id: belongs ? id : null }]);
  });

  it('to the incident that counts it, if it is a provider fault on its resource in its time', async () => {
    const test = await startOutbox();
    const fault = await bury(test, 'sms', 'provider_fault');
    await bury(test, 'voice', 'provider_fault');
    await bury(test, 'sms', 'invalid_request');
    const count = async (from: number, until: number, known?: string) => {
      const id = known ?? (await incident(test, from, until));
      const timeline = partOf(test.service, IncidentTimeline);
      const failed = await partOf(test.service, Database).transaction((within) => timeline.countFailed(within, id));
      return [id, failed] as const;
    };
    expect((await count(-180, -60))[1]).toBe(0);
    expect((await count(120, 180))[1]).toBe(0);
    const [id, failed] = await count(-60, 60);
    expect(failed).toBe(1);
    // It stays there: the incident counts it again, and another one does not.
    expect((await count(-60, 60, id))[1]).toBe(1);
    expect((await count(-60, 60))[1]).toBe(0);
    expect(
      await test.rows('SELECT notification_id, incident_id FROM dead_letters WHERE incident_id IS NOT NULL'),
    ).toEqual([{ notification_id: fault, incident_id: id }]);
  });
});
