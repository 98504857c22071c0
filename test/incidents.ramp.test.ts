import { describe, expect, it } from 'vitest';
import { findObstacle } from '../src/dispatch/obstacle.js';
import { CircuitBoard } from '../src/incidents/circuit.board.js';
import { CIRCUIT_LIMITS, type Circuit } from '../src/incidents/circuit.policy.js';
import { CircuitRamp } from '../src/incidents/circuit.ramp.js';
import { CircuitStore } from '../src/incidents/circuit.store.js';
import { Circuits } from '../src/incidents/circuits.js';
import { openCircuit, REFUSAL, SENDER, SMS } from './incidents.circuit.setup.js';
import { moveClock } from './support/clock.js';
import { eventually } from './support/eventually.js';
import { partOf } from './support/part-of.js';
import { workOf } from './support/work.js';

it('a ramp begins anew when its circuit opens again, and goes on when it only closes', async () => {
  const { service, database, one } = await openCircuit();
  const store = partOf(service, CircuitStore);
  const reached = (ramp: number) =>
    database.query('UPDATE circuits SET ramp = $2, released = $2 WHERE scope = $1', [SMS, ramp]);
  await reached(64);
  await store.change(SMS, { kind: 'probe_passed', at: new Date(Date.now() + 20_000) });
  expect([await one('state'), await one('ramp')]).toEqual(['half_open', 0]);
  await reached(64);
  await store.change(SMS, { kind: 'drained' });
  expect([await one('state'), await one('ramp')]).toEqual(['closed', 64]);
  await store.change(SMS, { kind: 'operator_opens', reason: 'It is not over' });
  expect([await one('state'), await one('ramp')]).toEqual(['open', 0]);
  expect(await one('released')).toBe(0);
});

it('what was let out is counted over all recoveries until the circuit closes', async () => {
  const { service, database, one } = await openCircuit();
  const store = partOf(service, CircuitStore);
  await database.query('UPDATE circuits SET released = 64 WHERE scope = $1', [SMS]);
  const passed = { kind: 'probe_passed', at: new Date(Date.now() + 20_000) } as const;
  for (const [event, state] of [
    [passed, 'half_open'],
    [REFUSAL, 'open'],
    [passed, 'half_open'],
    [{ kind: 'drained' }, 'closed'],
  ] as const) {
    await store.change(SMS, event);
    expect([await one('state'), await one('released')]).toEqual([state, 64]);
  }
});

it('a step lets nothing out of a circuit that is open again, and a probe none out of one that recovers', async () => {
  const { service, database, databaseUrl, hold, probe, id, rows } = await openCircuit();
  await hold();
  const held = () => rows('SELECT held_by FROM outbox');
  const opened = { changedAt: new Date(), cause: 'incident', reason: '', openedAt: new Date(), backoff: 0 } as const;
  const more = { waitMs: null, credentials: null, incidentId: null } as const;
  const step = () =>
    partOf(service, CircuitRamp).step({ id, scope: SMS, circuit: { state: 'half_open', ...opened, ...more } });
  await step();
  expect(await held()).toEqual([{ held_by: id }]);

  await partOf(service, CircuitStore).change(SMS, { kind: 'probe_passed', at: new Date(Date.now() + 20_000) });
  await database.query('UPDATE circuits SET next_probe_at = service_now() WHERE id = $1', [id]);
  await moveClock(databaseUrl, 1000);
  expect(await probe()).toBe(false);
  expect(await held()).toEqual([{ held_by: id }]);
  await step();
  expect(await held()).toEqual([{ held_by: null }]);
});

it('a half-open circuit closes with the step that finds less than it may let out, and no sooner', async () => {
  const { service, databaseUrl, outbox, hold, id, one } = await openCircuit();
  for (let n = 0; n < 4; n += 1) await hold();
  const board = partOf(service, CircuitBoard);
  await partOf(service, CircuitStore).change(SMS, { kind: 'probe_passed', at: new Date(Date.now() + 20_000) });
  const circuit = await eventually(
    () => board.get(SMS),
    ({ state }) => state === 'half_open',
  );
  for (const [released, state] of [
    [1, 'half_open'],
    [3, 'half_open'],
    [4, 'closed'],
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
