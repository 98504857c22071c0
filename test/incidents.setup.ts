import type { Type } from '@nestjs/common';
import type { Client } from 'pg';
import { expect, vi } from 'vitest';
import type { RunningService } from '../src/service.js';
import { CircuitBoard } from '../src/incidents/circuit.board.js';
import { resourceScope } from '../src/incidents/circuit.scope.js';
import type { CircuitDto } from '../src/incidents/circuits.dto.js';
import type { IncidentDetailsDto } from '../src/incidents/incidents.dto.js';
import { ProviderHealth } from '../src/incidents/provider.health.js';
import { Outbox } from '../src/outbox/outbox.js';
import type { Channel } from '../src/policy/vocabulary.js';
import { type ApiClient, Provider, type ServiceUnderTest } from './support/service.js';

export const ACCOUNT = 'account:AC0123456789abcdef0123456789abcdef';

/** Waits until a condition holds, looking often; fails with what is there instead. */
export async function eventually<T>(
  look: () => Promise<T> | T,
  holds: (seen: T) => boolean,
  timeoutMs = 60_000,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (performance.now() > end) throw new Error(`Not reached in ${timeoutMs} ms: ${JSON.stringify(seen, null, 2)}`);
    await pause(10);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What an operator sees. */
class Operator {
  constructor(private readonly api: ApiClient) {}

  async circuit(scope: string): Promise<CircuitDto> {
    const { body } = await this.api.get<{ items: CircuitDto[] }>('/v1/admin/circuits?limit=100');
    const found = body.items.find((circuit) => circuit.scope === scope);
    if (!found) throw new Error(`There is no circuit ${scope}: ${JSON.stringify(body.items)}`);
    return found;
  }

  untilCircuit(scope: string, state: CircuitDto['state'], timeoutMs?: number): Promise<CircuitDto> {
    return eventually(
      () => this.circuit(scope),
      (circuit) => circuit.state === state,
      timeoutMs,
    );
  }

  async close(scope: string): Promise<CircuitDto> {
    const { id } = await this.circuit(scope);
    return (await this.api.post<CircuitDto>(`/v1/admin/circuits/${id}/close`)).body;
  }

  async incidents(): Promise<IncidentDetailsDto[]> {
    const { body } = await this.api.get<{ items: { id: string }[] }>('/v1/admin/incidents');
    return Promise.all(
      body.items.map(async ({ id }) => (await this.api.get<IncidentDetailsDto>(`/v1/admin/incidents/${id}`)).body),
    );
  }

  /** The newest incident, once it is as asked for. */
  async untilIncident(reached: (incident: IncidentDetailsDto) => boolean, timeoutMs?: number) {
    const [incident] = await eventually(
      () => this.incidents(),
      ([newest]) => newest !== undefined && reached(newest),
      timeoutMs,
    );
    if (!incident) throw new Error('There is no incident');
    return incident;
  }
}

/** A service of a test, as this room's tests use it. */
export function handsOn({ api, simulator }: ServiceUnderTest) {
  return { operator: new Operator(api), provider: new Provider(simulator.url) };
}

/** A part of a running service. */
export function partOf<Part>(service: RunningService, part: Type<Part>): Part {
  return service.app.get(part, { strict: false });
}

/** The incident that keeps this channel from sending, as this process knows it; null when there is none. */
export function incidentThatStops(channel: Channel, service: RunningService): string | null {
  const circuit = partOf(service, CircuitBoard).lookUp(resourceScope(channel))?.circuit;
  return circuit === undefined || circuit.state === 'closed' ? null : circuit.incidentId;
}

/** Creations that the provider has seen, whoever they were for. */
export async function creations(simulatorUrl: string): Promise<{ at: number; to: string }[]> {
  const response = await fetch(`${simulatorUrl}/__simulator/requests?limit=100000`);
  const { requests } = (await response.json()) as {
    requests: { method: string; at: string; params: Record<string, string> }[];
  };
  return requests
    .filter(({ method }) => method === 'POST')
    .map(({ at, params }) => ({ at: Date.parse(at), to: params['To'] ?? '' }));
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
