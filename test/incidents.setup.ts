import type { Client } from 'pg';
import { expect, vi } from 'vitest';
import type { RunningService } from '../src/service.js';
import { CircuitBoard } from '../src/incidents/circuit.board.js';
import { resourceScope } from '../src/incidents/circuit.scope.js';
import { ProviderHealth } from '../src/incidents/provider.health.js';
import type { IncidentDetailsDto } from '../src/incidents/incidents.dto.js';
import { Outbox } from '../src/outbox/outbox.js';
import type { Channel } from '../src/policy/vocabulary.js';
import { eventually } from './support/eventually.js';
import { handsOn } from './support/operator.js';
import { partOf } from './support/part-of.js';
import type { ServiceUnderTest } from './support/service.js';

export const ACCOUNT = 'account:AC0123456789abcdef0123456789abcdef';

export const PROBE_MS = 400;

/** An incident opens soon, and there are more retries than pass before, however busy the machine is. */
export const SENSITIVE = {
  INCIDENT_THRESHOLD: '6',
  INCIDENT_PROBE_MS: String(PROBE_MS),
  RETRY_BASE_MS: '50',
  RETRY_MAX: '20',
};

/** The incident that keeps this channel from sending, as this process knows it; null when there is none. */
export function incidentThatStops(channel: Channel, service: RunningService): string | null {
  const circuit = partOf(service, CircuitBoard).lookUp(resourceScope(channel))?.circuit;
  return circuit === undefined || circuit.state === 'closed' ? null : circuit.incidentId;
}

/** Resolves when the keeper of this worker's circuits has looked at all of them twice more. Paces look as well. */
export async function keeperHasLooked(service: RunningService): Promise<void> {
  // Looks on; nothing is replaced.
  const looks = vi.spyOn(partOf(service, Outbox), 'holders');
  await expect.poll(() => looks.mock.calls.length).toBeGreaterThan(2);
  looks.mockRestore();
}

/** Resolves when these replicas have judged what they have told: that is one step, and it may be on its way. */
export async function untilJudged(...replicas: readonly RunningService[]): Promise<void> {
  for (const replica of replicas) await partOf(replica, ProviderHealth)['telling'];
}

/** Its expiresAt passes now. */
export async function expireNow(database: Client, id: string): Promise<void> {
  await database.query('UPDATE notifications SET expires_at = service_now() WHERE id = $1', [id]);
  await database.query('UPDATE outbox SET expires_at = service_now() WHERE notification_id = $1', [id]);
}

/** How many probes of a resource were under way when there were fewest: below 0 where a result is told of without its probe. */
export function fewestInFlight({ timeline }: Pick<IncidentDetailsDto, 'timeline'>, resource: string): number {
  let inFlight = 0;
  const counts = timeline
    .filter(({ sentence }) => sentence.startsWith(`${resource}:`))
    .map(({ kind }) => (inFlight += kind === 'probe_sent' ? 1 : -1));
  return Math.min(...counts);
}

/** Resolves when the circuit of SMS holds them all, to let them out in this order. */
export async function untilHeldInOrder(test: ServiceUnderTest, ids: readonly string[]): Promise<void> {
  await eventually(
    () => handsOn(test).operator.circuit('resource:sms'),
    ({ heldCount }) => heldCount === ids.length,
  );
  await test.database.query(
    `UPDATE outbox SET due_at = now() - interval '1 hour' + array_position($1::uuid[], notification_id) * interval '1 second'`,
    [ids],
  );
}
