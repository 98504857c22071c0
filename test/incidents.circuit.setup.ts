import type { Circuit, Refusal } from '../src/incidents/circuit.policy.js';
import { CircuitProbe } from '../src/incidents/circuit.probe.js';
import { circuitId, paceId } from '../src/incidents/circuit.scope.js';
import { CircuitStore } from '../src/incidents/circuit.store.js';
import { startOutbox } from './outbox.setup.js';
import { moveClock } from './support/clock.js';
import { partOf } from './support/part-of.js';

export const SMS = 'resource:sms';
export const SENDER = '+15005550006';

/** What opens the circuit of a resource. */
export const REFUSAL: Refusal = {
  kind: 'refused',
  cause: 'incident',
  reason: 'HTTP status 503',
  providerCode: null,
  at: null,
  probe: false,
  retryAfterMs: null,
  credentials: null,
  incidentId: null,
};

/** Nothing acts by itself here: no worker runs. The circuit of SMS is open, and its probe is due. */
export async function openCircuit() {
  const test = await startOutbox({ SENDER_RATES: `${SENDER}=1` });
  const id = circuitId(SMS);
  await test.database.query(
    `INSERT INTO sender_paces (sender, hold_id, per_second, tokens, refilled_at) VALUES ($1, $2, 1, 1, service_now())`,
    [SENDER, paceId(SENDER)],
  );
  const changed = await partOf(test.service, CircuitStore).change(SMS, REFUSAL);
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
