import { expect, it, vi } from 'vitest';
import { CircuitBoard } from '../src/incidents/circuit.board.js';
import { CircuitProbe } from '../src/incidents/circuit.probe.js';
import { circuitId } from '../src/incidents/circuit.scope.js';
import { CircuitStore } from '../src/incidents/circuit.store.js';
import { Circuits } from '../src/incidents/circuits.js';
import { IncidentOpener } from '../src/incidents/incident.opener.js';
import { IncidentToll } from '../src/incidents/incident.toll.js';
import { Pacer } from '../src/incidents/pacer.js';
import { openCircuit, SENDER, SMS } from './incidents.circuit.setup.js';
import { partOf } from './support/part-of.js';

/** The circuit of SMS is open because of an incident, and that of its sender for another reason. */
async function incident() {
  const test = await openCircuit();
  const [made] = await test.rows(
    `INSERT INTO incidents (id, started_at, resources, cause)
     VALUES (new_uuid_v7(), service_now(), '{sms}', 'test') RETURNING id`,
  );
  const incidentId = String(made?.['id']);
  await test.rows('UPDATE circuits SET incident_id = $1 WHERE id = $2', [incidentId, test.id]);
  const sender = `sender:${SENDER}` as const;
  await partOf(test.service, CircuitStore).change(sender, { kind: 'operator_opens', reason: 'test' });
  const board = partOf(test.service, CircuitBoard);
  await expect.poll(() => board.get(SMS)).toMatchObject({ incidentId });
  await expect.poll(() => board.get(sender)).toMatchObject({ state: 'open' });
  return { ...test, incidentId, senderId: circuitId(sender) };
}

it('what expires in the circuits of an incident is added to what it cost, and nothing else is', async () => {
  const { service, rows, id, senderId } = await incident();
  const toll = partOf(service, IncidentToll);
  await toll.note([id, senderId, id, null].map((heldBy) => ({ heldBy })));
  await toll.note([{ heldBy: id }, { heldBy: crypto.randomUUID() }]);
  expect(await rows('SELECT expired FROM incidents')).toEqual([{ expired: 3 }]);
});

it('what waits in an incident is what its own circuits hold', async () => {
  const { service, hold, incidentId, senderId, rows } = await incident();
  const ids = [await hold(), await hold(), await hold()];
  await rows('UPDATE outbox SET held_by = $1 WHERE notification_id = $2', [senderId, ids[0]]);
  expect(await partOf(service, CircuitProbe).waitingFor(incidentId)).toBe(2);
});

it('a probe that asks what became of an attempt owes its sender no send', async () => {
  const { service, hold, probe, claim } = await openCircuit();
  await hold();
  expect(await probe()).toBe(true);
  const work = await claim();
  // Looks on; nothing is replaced.
  const owed = vi.spyOn(partOf(service, Pacer), 'owe');
  partOf(service, Circuits).onDeparture({ ...work, stage: 'reconcile' });
  expect(owed).not.toHaveBeenCalled();
  partOf(service, Circuits).onDeparture(work);
  expect(owed).toHaveBeenCalledOnce();
});

it('an incident is over at once where an operator holds all that it affects', async () => {
  const { service, rows } = await openCircuit();
  const store = partOf(service, CircuitStore);
  await store.change(SMS, { kind: 'operator_closes' });
  await store.change(SMS, { kind: 'operator_opens', reason: 'wait' });
  const opener = partOf(service, IncidentOpener);
  const outage = { affected: [{ resource: 'sms', attempts: 9, faults: 9 }], lastRule: 'HTTP status 503' } as const;
  // What is known here of the circuit is a moment old.
  await store.exclusively((transaction) => opener['openWithin'](transaction, outage));
  expect(await rows('SELECT resources, ended_at IS NOT NULL AS over FROM incidents')).toEqual([
    { resources: ['sms'], over: true },
  ]);
});
