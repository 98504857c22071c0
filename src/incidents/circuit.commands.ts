import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.js';
import type { AuditAction } from '../audit/audited.js';
import { type Page, type PageQuery, decodeCursor, toPage } from '../http/pagination.js';
import { isStorable } from '../validation/field.rules.js';
import { Outbox } from '../outbox/outbox.js';
import { notFound } from '../problems/problem.js';
import { CircuitBoard } from './circuit.board.js';
import type { Circuit, CircuitEvent } from './circuit.policy.js';
import { CircuitProbe } from './circuit.probe.js';
import type { CircuitRow } from './circuit.row.js';
import { CircuitStore } from './circuit.store.js';
import { type CircuitDto, toCircuitDto } from './circuits.dto.js';

/**
 * The operator's view of the circuits, and the commands that overrule them. Each command and its audit entry are one
 * transaction.
 */
@Injectable()
export class CircuitCommands {
  constructor(
    private readonly store: CircuitStore,
    private readonly board: CircuitBoard,
    private readonly outbox: Outbox,
    private readonly probe: CircuitProbe,
    private readonly audit: AuditLog,
  ) {}

  /** Ordered by scope. */
  async list(query: PageQuery): Promise<Page<CircuitDto>> {
    const [after] = query.cursor === undefined ? [''] : decodeCursor('circuits', query.cursor, [isStorable]);
    const [rows, held] = await Promise.all([this.store.list(after, query.limit + 1), this.outbox.heldCounts()]);
    return toPage(
      'circuits',
      rows,
      query.limit,
      (row) => [row.scope],
      (row) => toCircuitDto(row, held),
    );
  }

  /**
   * Clients see the reason; the note goes to the audit log only. Without a note, the audit log gets the reason.
   * @throws Problem `not-found`
   */
  open(
    id: string,
    { reason, note }: { readonly reason: string | null; readonly note: string | null },
    actor: string,
  ): Promise<CircuitDto> {
    const event = { kind: 'operator_opens', reason: reason ?? 'opened by an operator' } as const;
    return this.command(id, event, { actor, action: 'circuit.opened', note: note ?? reason });
  }

  /** Releases the held work in growing steps. @throws Problem `not-found` */
  close(id: string, note: string | null, actor: string): Promise<CircuitDto> {
    return this.command(id, { kind: 'operator_closes' }, { actor, action: 'circuit.closed', note });
  }

  private async command(
    id: string,
    event: CircuitEvent,
    deed: { readonly actor: string; readonly action: AuditAction; readonly note: string | null },
  ): Promise<CircuitDto> {
    const { scope, incidentId } = await this.find(id);
    // An incident's closing summary says how much it held, so count before the change.
    if (incidentId !== null) await this.probe.waitingFor(incidentId);
    const { after } = await this.store.change(scope, event, (transaction, change) =>
      this.audit.record(transaction, {
        ...deed,
        subjectId: id,
        before: { scope, ...stateOf(change.before) },
        after: { scope, ...stateOf(change.after) },
      }),
    );
    this.board.learn(scope, after);
    const [row, held] = await Promise.all([this.find(id), this.outbox.heldCounts()]);
    return toCircuitDto(row, held);
  }

  private async find(id: string): Promise<CircuitRow> {
    const row = await this.store.find(id);
    if (!row) throw notFound('circuit');
    return row;
  }
}

function stateOf(circuit: Circuit): object {
  return circuit.state === 'closed'
    ? { state: circuit.state }
    : { state: circuit.state, cause: circuit.cause, reason: circuit.reason };
}
