import { describe, expect, it } from 'vitest';
import { findObstacle } from '../src/dispatch/obstacle.js';
import { CircuitBoard } from '../src/incidents/circuit.board.js';
import { CIRCUIT_LIMITS, type Circuit } from '../src/incidents/circuit.policy.js';
import { CircuitProbe } from '../src/incidents/circuit.probe.js';
import { CircuitRamp } from '../src/incidents/circuit.ramp.js';
import { circuitId, paceId } from '../src/incidents/circuit.scope.js';
import { CircuitStore } from '../src/incidents/circuit.store.js';
import { Circuits } from '../src/incidents/circuits.js';
import { ProviderHealth } from '../src/incidents/provider.health.js';
import { eventually, handsOn, partOf, pause } from './incidents.setup.js';
import { startOutbox } from './outbox.setup.js';
import { moveClock } from './support/clock.js';
import { freePort } from './support/free-port.js';
import { startTestService } from './support/service.js';
import { workOf } from './support/work.js';

const SMS = 'resource:sms';
const SENDER = '+15005550006';
const to = (number: number) => `+1555129${String(number).padStart(4, '0')}`;

/** Nothing acts by itself here: no worker runs. The circuit of SMS is open, and its probe is due. */
async function openCircuit() {
  const test = await startOutbox({ SENDER_RATES: `${SENDER}=1` });
  const id = circuitId(SMS);
  await test.database.query(
    `INSERT INTO sender_paces (sender, hold_id, per_second, tokens, refilled_at) VALUES ($1, $2, 1, 1, service_now())`,
    [SENDER, paceId(SENDER)],
  );
  const changed = await partOf(test.service, CircuitStore).change(SMS, {
    kind: 'refused',
    cause: 'incident',
    reason: 'HTTP status 503',
    at: null,
    probe: false,
    retryAfterMs: null,
    credentials: null,
    incidentId: null,
  });
  await moveClock(test.databaseUrl, 15_000);
  const circuit = changed.after as Circuit & { state: 'open' };
  const one = async (column: string) =>
    (await test.rows(`SELECT ${column} AS value FROM circuits, sender_paces WHERE id = $1`, [id]))[0]?.['value'];
  return {
    ...test,
    id,
    one,
    probe: () => partOf(test.service, CircuitProbe).send(id, SMS, circuit),
    hold: async () => {
      const work = await test.lease({ sender: SENDER });
      const step = { kind: 'hold', reason: 'the circuit is open' } as const;
      await test.outbox.settleUnsuccessful({ work, attempt: null, failure: null, step, heldBy: id });
      return work.notificationId;
    },
  };
}

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
});

it('a ramp begins anew when its circuit opens again, and goes on when it only closes', async () => {
  const { service, database, one } = await openCircuit();
  const store = partOf(service, CircuitStore);
  const reached = (ramp: number) => database.query('UPDATE circuits SET ramp = $2 WHERE scope = $1', [SMS, ramp]);
  await reached(64);
  await store.change(SMS, { kind: 'probe_passed', at: new Date(Date.now() + 20_000) });
  expect([await one('state'), await one('ramp')]).toEqual(['half_open', 0]);
  await reached(64);
  await store.change(SMS, { kind: 'drained' });
  expect([await one('state'), await one('ramp')]).toEqual(['closed', 64]);
  await store.change(SMS, { kind: 'operator_opens', reason: 'It is not over' });
  expect([await one('state'), await one('ramp')]).toEqual(['open', 0]);
});

it('a half-open circuit closes with the step that finds less than it may let out, and no sooner', async () => {
  const { service, databaseUrl, outbox, hold, id, one } = await openCircuit();
  for (let n = 0; n < 3; n += 1) await hold();
  const board = partOf(service, CircuitBoard);
  await partOf(service, CircuitStore).change(SMS, { kind: 'probe_passed', at: new Date(Date.now() + 20_000) });
  const circuit = await eventually(
    () => board.get(SMS),
    ({ state }) => state === 'half_open',
  );
  for (const [released, state] of [
    [1, 'half_open'],
    [3, 'half_open'],
    [3, 'closed'],
  ] as const) {
    await partOf(service, CircuitRamp).step({ id, scope: SMS, circuit });
    expect([await one('released'), board.get(SMS).state]).toEqual([released, state]);
    await outbox.claim(9);
    await moveClock(databaseUrl, CIRCUIT_LIMITS.stepMs);
  }
});

describe('what a ramp lets out', () => {
  /** A circuit that is half-open, and holds so many rows that have been due for an hour; each step is one of two rows. */
  async function halfOpen(held: number) {
    const test = await openCircuit();
    const ids: string[] = [];
    for (let n = 0; n < held; n += 1) ids.push(await test.hold());
    await test.database.query(
      `UPDATE outbox SET due_at = now() - interval '1 hour' + array_position($1::uuid[], notification_id) * interval '1 second'`,
      [ids],
    );
    await partOf(test.service, CircuitStore).change(SMS, { kind: 'probe_passed', at: new Date(Date.now() + 20_000) });
    const circuit = await eventually(
      () => partOf(test.service, CircuitBoard).get(SMS),
      ({ state }) => state === 'half_open',
    );
    const step = async () => {
      await test.database.query('UPDATE circuits SET ramp = 1 WHERE id = $1', [test.id]);
      await moveClock(test.databaseUrl, CIRCUIT_LIMITS.stepMs);
      await partOf(test.service, CircuitRamp).step({ id: test.id, scope: SMS, circuit });
      const rows = await test.rows(
        'SELECT notification_id AS id FROM outbox WHERE held_by IS NULL AND lease_token IS NULL ORDER BY priority, due_at',
      );
      return rows.map(({ id }) => id);
    };
    return { ...test, ids, step };
  }

  it('is no more than a step that waits unsent: what is new and urgent goes before the rest of it', async () => {
    const { ids, id, step, outbox, lease } = await halfOpen(5);
    const [first, second, third, fourth] = ids;
    expect(await step()).toEqual([first, second]);
    expect(await step()).toEqual([first, second]);

    await outbox.claim(1);
    expect(await step()).toEqual([second, third]);
    await outbox.claim(2);
    // Everything new waits behind what is held.
    const otp = await lease({ category: 'otp' });
    const waits = { kind: 'hold', reason: 'the circuit recovers' } as const;
    await outbox.settleUnsuccessful({ work: otp, attempt: null, failure: null, step: waits, heldBy: id });
    expect(await step()).toEqual([otp.notificationId, fourth]);
  });

  it('is replaced by as much where another circuit or a pace holds it instead', async () => {
    const { ids, step, outbox } = await halfOpen(4);
    const [first, second, third, fourth] = ids;
    expect(await step()).toEqual([first, second]);
    const waits = { kind: 'hold', reason: 'it is not its turn' } as const;
    for (const work of await outbox.claim(2)) {
      await outbox.settleUnsuccessful({ work, attempt: null, failure: null, step: waits, heldBy: crypto.randomUUID() });
    }
    expect(await step()).toEqual([third, fourth]);
  });
});

it('what is told of held work says whether its circuit is open or recovers, or its sender has a pace', async () => {
  const { service } = await openCircuit();
  const [store, board, circuits] = [
    partOf(service, CircuitStore),
    partOf(service, CircuitBoard),
    partOf(service, Circuits),
  ];
  const told = async (state: Circuit['state']) => {
    await eventually(
      () => board.get(SMS).state,
      (seen) => seen === state,
    );
    const work = workOf({ sender: SENDER });
    return findObstacle(work, circuits.blocking(work), [])?.decision?.sentence;
  };
  expect(await told('open')).toBe(
    'The circuit of resource:sms is open (HTTP status 503): it waits there, which costs no retry.',
  );
  await store.change(SMS, { kind: 'probe_passed', at: new Date(Date.now() + 20_000) });
  expect(await told('half_open')).toBe(
    'The circuit of resource:sms is recovering (HTTP status 503): it waits there, which costs no retry.',
  );
  await store.change(SMS, { kind: 'drained' });
  expect(await told('closed')).toBe(
    'The pace of sender:+150•••0006 is limited (SENDER_RATES lets it send 1 per second): it waits for its turn, which costs no retry.',
  );
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
  // Four in all: until they are judged, the next statement after they were told.
  await pause(300);
  expect(await operator.incidents()).toEqual([]);
  await send(5);
  const incident = await operator.untilIncident(({ deadLetterCount }) => deadLetterCount >= 3);
  const belonging = incident.deadLetters.map(({ notificationId }) => notificationId);
  expect(belonging).toEqual(expect.arrayContaining(ids.slice(1)));
  expect(belonging).not.toContain(ids[0]);
});

it('what its faults left open belongs to an incident, also where it comes to the review queue after the end', async () => {
  const test = await startTestService({ INCIDENT_THRESHOLD: '2' });
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

it('a recipient whom the provider says not to be on a channel is not sent to there again', async () => {
  const test = await startTestService();
  const { provider } = handsOn(test);
  for (const [number, errorCode] of [
    [101, 63003],
    [102, 63024],
  ] as const) {
    const fault = { kind: 'callback', status: 'undelivered', errorCode };
    await provider.fail(to(number), { match: { channel: 'whatsapp' }, fault });
    for (const tried of [['whatsapp', 'sms'], ['sms']]) {
      const id = await test.api.send({ to: to(number), channels: ['whatsapp', 'sms'], body: 'Hello' });
      const { deliveries } = await test.api.untilStatus(id, 'delivered');
      const asked = deliveries.filter(({ attempts }) => attempts.length > 0).map(({ channel }) => channel);
      expect(asked, `code ${errorCode}`).toEqual(tried);
    }
  }
});
