import { describe, expect, it, vi } from 'vitest';
import { CircuitProbe } from '../src/incidents/circuit.probe.js';
import { liesWithin } from '../src/incidents/circuit.scope.js';
import { ACCOUNT, SENSITIVE } from './incidents.setup.js';
import { eventually } from './support/eventually.js';
import { handsOn } from './support/operator.js';
import { partOf } from './support/part-of.js';
import { creations, startTestService } from './support/service.js';

const DOWN = { fault: { kind: 'status', status: 503 } };
const TOO_FAST = { match: { channel: 'sms' }, fault: { kind: 'status', status: 429, code: 20429 } };
const SENDER = 'sender:+15005550006';
const sms = (number: number) => ({
  to: `+1555123${String(number).padStart(4, '0')}`,
  channels: ['sms'],
  body: `Hello ${number}`,
});

describe('two circuits that are open at once', () => {
  it('do not hold the probes of each other: a resource with an incident, and its sender that sent too fast', async () => {
    const test = await startTestService(SENSITIVE);
    const { operator, provider } = handsOn(test);
    await provider.fail('*', TOO_FAST);
    const ids = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((number) => test.api.send(sms(number))));
    await operator.untilCircuit(SENDER, 'open');
    await provider.fail('*', DOWN);
    for (let number = 10; number < 16; number += 1) {
      ids.push(await test.api.send({ ...sms(number), channels: ['whatsapp'] }));
    }
    await operator.untilCircuit('resource:sms', 'open');
    ids.push(await test.api.send(sms(20)));
    await eventually(
      async () => (await Promise.all(['resource:sms', SENDER].map((scope) => operator.circuit(scope)))).map(held),
      (counts) => counts.every((count) => count > 0),
    );

    await provider.heal();
    for (const id of ids) await test.api.untilStatus(id, 'sent', 'delivered');
    for (const scope of ['resource:sms', SENDER]) await operator.untilCircuit(scope, 'closed');
    const over = await operator.untilIncident(({ endedAt }) => endedAt !== null);
    expect(over.timeline.at(-1)?.sentence).toContain('nothing went to the review queue');
  });

  it('do not hold the probes of each other: an account whose quota is used up, and a resource with an incident', async () => {
    const test = await startTestService(SENSITIVE);
    const { operator, provider } = handsOn(test);
    for (let number = 0; number < 8; number += 1) await provider.fail(sms(number).to, DOWN);
    const quota = { times: 1, fault: { kind: 'status', status: 429, code: 63038, retryAfter: 2 } };
    await provider.fail(sms(20).to, quota);
    const ids = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7, 20, 21, 22].map((number) => test.api.send(sms(number))));
    // At the same time: the account is tried again after two seconds, in whichever order they opened.
    await Promise.all(['resource:sms', ACCOUNT].map((scope) => operator.untilCircuit(scope, 'open')));

    await provider.heal();
    for (const id of ids) await test.api.untilStatus(id, 'sent', 'delivered');
    for (const scope of ['resource:sms', ACCOUNT]) {
      expect(await operator.untilCircuit(scope, 'closed')).toMatchObject({ cause: null });
    }
  });

  it('keep to what an operator holds, and the timeline tells of no probe that never left', async () => {
    const test = await startTestService(SENSITIVE);
    const { operator, provider } = handsOn(test);
    // Looks on; nothing is replaced.
    const left = vi.spyOn(partOf(test.service, CircuitProbe), 'left');
    const leftAtFirst = () => left.mock.calls.filter(([, , isFirst]) => isFirst).length;
    await provider.fail('*', DOWN);
    const ids = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((number) => test.api.send(sms(number))));
    await operator.untilCircuit('resource:sms', 'open');
    // What was never sent: asking what became of the others is no matter of the sender.
    ids.push(...(await Promise.all(Array.from({ length: 20 }, (_, n) => test.api.send(sms(100 + n))))));
    await eventually(
      () => operator.circuit('resource:sms'),
      ({ heldCount }) => heldCount >= 20,
    );
    const { id } = await operator.circuit(SENDER);
    await test.api.post(`/v1/admin/circuits/${id}/open`, { reason: 'not this number' });
    // One that has met it. The probe before may still be on its way, and be told of only then.
    await eventually(
      () => operator.circuit(SENDER),
      ({ heldCount }) => heldCount >= 1,
    );
    const underWay = 'SELECT FROM outbox WHERE probe AND lease_token IS NOT NULL';
    await expect.poll(async () => (await test.database.query(underWay)).rowCount).toBe(0);
    await expect.poll(async () => (await toldProbes()) - leftAtFirst()).toBe(0);
    const [before, requests] = [await toldProbes(), await creations(test.simulator.url)];
    await eventually(
      () => operator.circuit(SENDER),
      ({ heldCount }) => heldCount >= 4,
    );
    expect(await creations(test.simulator.url)).toEqual(requests);
    expect(await toldProbes()).toBe(before);

    await provider.heal();
    await operator.close(SENDER);
    for (const notification of ids) await test.api.untilStatus(notification, 'sent', 'delivered');

    async function toldProbes(): Promise<number> {
      const [incident] = await operator.incidents();
      return incident?.timeline.filter(({ kind }) => kind === 'probe_sent').length ?? 0;
    }
  });
});

it('knows which circuits a sender passes on its way', () => {
  const within = (scope: Parameters<typeof liesWithin>[0]) =>
    (['account:A', 'account:B', 'resource:sms', 'resource:voice', 'resource:whatsapp'] as const).filter((wider) =>
      liesWithin(scope, wider, 'account:A'),
    );
  expect(within('sender:+1')).toEqual(['account:A', 'resource:sms']);
  expect(within('sender:voice:+1')).toEqual(['account:A', 'resource:voice']);
  expect(within('sender:whatsapp:+1')).toEqual(['account:A', 'resource:whatsapp']);
  expect(within('resource:sms')).toEqual(['account:A']);
  expect(within('account:A')).toEqual([]);
});

function held({ heldCount }: { heldCount: number }): number {
  return heldCount;
}
