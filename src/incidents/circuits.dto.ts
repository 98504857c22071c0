import { ApiProperty } from '@nestjs/swagger';
import { pageOf } from '../http/pagination.js';
import { LONGEST_NOTE, OptionalText } from '../validation/field.rules.js';
import { CIRCUIT_STATES, OPEN_CAUSES, type CircuitState, type OpenCause } from '../policy/vocabulary.js';
import type { CircuitRow } from './circuit.row.js';

export class OpenCircuit {
  @OptionalText(LONGEST_NOTE, {
    description:
      'Shown with the circuit while it is open, and to clients in the explanation of what waits there. Default: opened by an operator.',
  })
  reason?: string | null;

  @OptionalText(LONGEST_NOTE, { description: 'Kept in the audit log; no client sees it. Default: the reason.' })
  note?: string | null;
}

export class CloseCircuit {
  @OptionalText(LONGEST_NOTE, { description: 'Kept in the audit log.' })
  note?: string | null;
}

export class CircuitDto {
  @ApiProperty({ type: String, format: 'uuid' })
  id: string;

  @ApiProperty({ type: String, example: 'resource:sms', description: 'An account, a resource or a sender.' })
  scope: string;

  @ApiProperty({ enum: CIRCUIT_STATES })
  state: CircuitState;

  @ApiProperty({ enum: OPEN_CAUSES, nullable: true, description: 'Null while it is closed.' })
  cause: OpenCause | null;

  @ApiProperty({ type: String, nullable: true })
  reason: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  openedAt: string | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'While it is open: when one real send may try. Null: only an operator closes it.',
  })
  nextProbeAt: string | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  incidentId: string | null;

  @ApiProperty({ type: 'integer', description: 'Notifications that wait in it now.' })
  heldCount: number;
}

export const CircuitPage = pageOf(CircuitDto);

export function toCircuitDto(row: CircuitRow, held: ReadonlyMap<string, number>): CircuitDto {
  return {
    id: row.id,
    scope: row.scope,
    state: row.state,
    cause: row.cause,
    reason: row.reason,
    openedAt: row.openedAt?.toISOString() ?? null,
    nextProbeAt: row.state === 'open' ? (row.nextProbeAt?.toISOString() ?? null) : null,
    incidentId: row.incidentId,
    heldCount: held.get(row.id) ?? 0,
  };
}
