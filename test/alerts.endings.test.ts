import { describe, expect, it } from 'vitest';
import { endingOf } from '../src/incidents/circuit.story.js';
import { nextCircuit, type Circuit, type CircuitEvent } from '../src/incidents/circuit.policy.js';
import { alertsOf } from './alerts.setup.js';
import { ACCOUNT } from './incidents.setup.js';
import { eventually } from './support/eventually.js';
import { handsOn } from './support/operator.js';
import { startTestService } from './support/service.js';

const sms = (number: number) => ({ to: `+155512300${10 + number}`, channels: ['sms'], body: 'Hello' });

describe('an alert whose circuit an operator takes over', () => {
  it('does not end with the words that it sends again', async () => {
    const test = await startTestService();
    const { operator, provider } = handsOn(test);
    await provider.fail('*', { fault: { kind: 'status', status: 401, code: 20003 } });
    await test.api.send(sms(1));
    const { id } = await operator.untilCircuit(ACCOUNT, 'open');
    await test.api.post(`/v1/admin/circuits/${id}/open`, { reason: 'wait for finance' });
    const [alert] = await eventually(
      () => alertsOf(test.api),
      ([newest]) => newest?.state === 'resolved',
    );
    expect(alert?.ending).toBe(`${ACCOUNT} still does not send: an operator holds it now.`);
  });

  it('stays open for an incident, until the operator closes the circuit, and does not call it over then', async () => {
    const test = await startTestService({
      INCIDENT_THRESHOLD: '6',
      // No probe is on its way when the operator opens the circuit, to be told of after it.
      INCIDENT_PROBE_MS: '60000',
      RETRY_BASE_MS: '50',
      // More than pass before the incident is open, however busy the machine is.
      RETRY_MAX: '20',
    });
    const { operator, provider } = handsOn(test);
    await provider.fail('*', { fault: { kind: 'status', status: 503 } });
    const ids = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((number) => test.api.send(sms(number))));
    const { id } = await operator.untilCircuit('resource:sms', 'open');
    const held = await test.api.post(`/v1/admin/circuits/${id}/open`, { reason: 'mine' });
    expect(held.body).toMatchObject({ cause: 'operator', incidentId: expect.any(String) });
    const [incident] = await operator.incidents();
    expect(incident).toMatchObject({ endedAt: null });
    expect(incident?.timeline.at(-1)?.kind).toBe('overruled');
    expect((await alertsOf(test.api)).map(({ kind, state }) => [kind, state])).toEqual([['incident', 'open']]);

    // What was refused waits for its retry first, and for the circuit only then.
    await eventually(
      () => operator.circuit('resource:sms'),
      ({ heldCount }) => heldCount === ids.length,
    );
    await provider.heal();
    await operator.close('resource:sms');
    for (const notification of ids) await test.api.untilStatus(notification, 'sent', 'delivered');
    const over = await operator.untilIncident(({ endedAt }) => endedAt !== null);
    expect(over.timeline.at(-1)?.sentence).toMatch(
      /^An operator ended the incident after .+: it held 8 notifications at most at once;/,
    );
  });
});

describe('the end of an alert', () => {
  const NOW = new Date('2026-12-01T12:00:00Z');
  const refused = (cause: 'authentication' | 'quota' | 'rate_limit', retryAfterMs: number | null = null) =>
    ({
      kind: 'refused',
      cause,
      reason: `for ${cause}`,
      providerCode: null,
      at: NOW,
      probe: cause === 'rate_limit',
      retryAfterMs,
      credentials: null,
      incidentId: null,
    }) as const;
  const ending = (first: CircuitEvent, event: CircuitEvent, later = NOW) => {
    const closed: Circuit = { state: 'closed', changedAt: new Date(0), recoveredFrom: null };
    const before = nextCircuit(closed, first, NOW, 15_000);
    const after = nextCircuit(before, event, later, 15_000);
    return endingOf({ id: '', scope: 'account:AC1', before, after, event, released: 0, at: NOW });
  };

  it('says what is so then, which need not be that it sends', () => {
    expect(ending(refused('quota'), refused('authentication'))).toBe(
      'account:AC1 still does not send, for another reason now: for authentication.',
    );
    expect(ending(refused('quota'), { kind: 'operator_closes' })).toBe(
      'An operator closed the circuit of account:AC1: it may send again.',
    );
    expect(ending(refused('quota', 1000), { kind: 'waited_out' }, new Date(NOW.getTime() + 1000))).toBe(
      'Nothing waits for account:AC1, and its wait is over: the next send will tell.',
    );
    expect(ending(refused('rate_limit', 60_000), refused('rate_limit', 1000))).toBe(
      'account:AC1 waits for short times only now.',
    );
  });
});
