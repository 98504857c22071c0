import type { CircuitDto } from '../../src/incidents/circuits.dto.js';
import type { IncidentDetailsDto } from '../../src/incidents/incidents.dto.js';
import { eventually } from './eventually.js';
import { type ApiClient, Provider, type ServiceUnderTest } from './service.js';

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

/** A service of a test, with an operator and the provider at hand. */
export function handsOn({ api, simulator }: ServiceUnderTest) {
  return { operator: new Operator(api), provider: new Provider(simulator.url) };
}
