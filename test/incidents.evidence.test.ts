import { describe, expect, it, vi } from 'vitest';
import { Database } from '../src/database/database.js';
import { CircuitBoard } from '../src/incidents/circuit.board.js';
import { circuitOfRow } from '../src/incidents/circuit.row.js';
import { circuitId, paceId } from '../src/incidents/circuit.scope.js';
import { CircuitStore } from '../src/incidents/circuit.store.js';
import { CircuitWriter } from '../src/incidents/circuit.writer.js';
import { Circuits } from '../src/incidents/circuits.js';
import { ProviderHealth } from '../src/incidents/provider.health.js';
import { ADD_HEALTH } from '../src/incidents/provider.health.sql.js';
import { REFUSAL, SENDER, SMS } from './incidents.circuit.setup.js';
import { eventually } from './support/eventually.js';
import { failureOfClass } from './support/failure.js';
import { handsOn } from './support/operator.js';
import { partOf } from './support/part-of.js';
import { startTestService } from './support/service.js';
import { workOf } from './support/work.js';

const FAULT = failureOfClass('provider_fault', { httpStatus: 503 });

/** Nothing is sent here; what came of a send is told by hand. */
async function start(env: Record<string, string> = {}) {
  const test = await startTestService({ ...env, ROLE: 'api' });
  const { service } = test;
  const [board, writer, circuits] = [
    partOf(service, CircuitBoard),
    partOf(service, CircuitWriter),
    partOf(service, Circuits),
  ];
  return { ...test, board, writer, circuits };
}

describe('the recovery of a resource', () => {
  /** The circuit of SMS half-opens. @returns tells what became of attempts that began before that, or since */
  async function recovering() {
    const test = await start();
    const { board, writer, circuits } = test;
    writer.happen(SMS, REFUSAL);
    const openedAt = board.get(SMS).changedAt;
    writer.happen(SMS, { kind: 'probe_passed', at: openedAt });
    expect(board.get(SMS).state).toBe('half_open');
    const began = { before: new Date(openedAt.getTime() - 1000), since: new Date(openedAt.getTime() + 60_000) };
    const work = (when: keyof typeof began) => workOf({ attemptStartedAt: began[when] });
    return {
      ...test,
      pass: (when: keyof typeof began, times: number) => {
        for (let n = 0; n < times; n += 1) circuits.onAccepted(work(when));
      },
      fail: (when: keyof typeof began) => circuits.onFailure(work(when), FAULT),
      state: () => board.get(SMS).state,
    };
  }

  it('is shown by no send that began before it', async () => {
    const { pass, fail, state } = await recovering();
    pass('before', 100);
    fail('since');
    expect(state()).toBe('open');
  });

  it('is stopped by no fault of a send that began before it, nor by one that a callback reports', async () => {
    const { pass, fail, state, circuits } = await recovering();
    fail('before');
    const sent = { channel: 'sms', sender: SENDER, attemptStartedAt: new Date(Date.now() + 60_000) } as const;
    circuits.onReported(sent, FAULT.classification, null);
    expect(state()).toBe('half_open');
    // One fault in twenty is no reason to stop; these would be three.
    pass('since', 19);
    fail('since');
    expect(state()).toBe('half_open');
    fail('since');
    expect(state()).toBe('open');
  });
});

it('asking what became of an attempt is no attempt: it makes no incident, nor is it a sign that there is none', async () => {
  const { circuits, database } = await start({ INCIDENT_THRESHOLD: '2' });
  const asks = workOf({ stage: 'reconcile' });
  for (const _ of [1, 2, 3]) {
    circuits.onFailure(asks, FAULT);
    circuits.onAccepted(asks);
  }
  circuits.onAccepted(workOf());
  circuits.onFailure(workOf(), FAULT);
  const told = async () =>
    (await database.query('SELECT sum(attempts)::int AS attempts, sum(faults)::int AS faults FROM provider_health'))
      .rows;
  await expect.poll(told).not.toEqual([{ attempts: null, faults: null }]);
  expect(await told()).toEqual([{ attempts: 2, faults: 1 }]);
});

it('what a circuit released waits for the pace of its sender all the same', async () => {
  const { circuits } = await start({ SENDER_RATES: `${SENDER}=1` });
  const send = { channel: 'sms', sender: SENDER, probe: false, stage: 'send' } as const;
  expect(circuits.blocking({ ...send, releasedBy: circuitId(SMS) })).toMatchObject({ cause: 'pace' });
  expect(circuits.blocking({ ...send, releasedBy: paceId(SENDER) })).toBeNull();
});

it('a circuit is read as it was written', async () => {
  const { service } = await start();
  const store = partOf(service, CircuitStore);
  const scope = `sender:${SENDER}` as const;
  const limited = { ...REFUSAL, cause: 'rate_limit', at: new Date(Date.now() + 60_000), probe: true } as const;
  for (const event of [
    { ...limited, retryAfterMs: 120_000 },
    limited,
    { kind: 'probe_passed', at: new Date(Date.now() + 60_000) },
    { ...REFUSAL, cause: 'authentication', credentials: 'of a test' },
    { kind: 'operator_opens', reason: 'wait' },
    { kind: 'operator_closes' },
  ] as const) {
    const { after, before, id } = await store.change(scope, event);
    expect(after).not.toEqual(before);
    const row = await store.find(id);
    expect(row && circuitOfRow(row)).toEqual(after);
  }
});

describe('what the replicas tell each other of the provider', () => {
  it('adds up within a moment, too', async () => {
    const { service, database } = await start();
    const owner = crypto.randomUUID();
    for (let n = 0; n < 6; n += 1) await partOf(service, Database).run(ADD_HEALTH, [owner, ['sms'], [3], [2]]);
    const { rows } = await database.query(
      'SELECT sum(attempts)::int AS attempts, sum(faults)::int AS faults FROM provider_health',
    );
    expect(rows).toEqual([{ attempts: 18, faults: 12 }]);
  });

  it.each(['provider_health', 'incidents'])('is not lost where %s could not be reached at first', async (table) => {
    const test = await start({ INCIDENT_THRESHOLD: '3' });
    const health = partOf(test.service, ProviderHealth);
    // Looks on; nothing is replaced.
    const runs = vi.spyOn(partOf(test.service, Database), 'run');
    await test.database.query(`ALTER TABLE ${table} RENAME TO away`);
    for (let n = 0; n < 3; n += 1) health.count('sms', 'HTTP status 503');
    await eventually(
      () => runs.mock.settledResults,
      (results) => results.some(({ type }) => type === 'rejected'),
    );
    await test.database.query(`ALTER TABLE away RENAME TO ${table}`);
    runs.mockRestore();
    const { resources, cause } = await handsOn(test).operator.untilIncident(() => true);
    expect(resources).toEqual(['sms']);
    expect(cause).toMatch(/^3 provider faults/);
  });
});
