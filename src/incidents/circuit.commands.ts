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

/** What an operator sees of the circuits, and how they overrule them. Each command and its audit entry are one transaction. */
@Injectable()
export class CircuitCommands {
  constructor(
    private readonly store: CircuitStore,
    private readonly board: CircuitBoard,
    private readonly outbox: Outbox,
    private readonly probe: CircuitProbe,
    private readonly audit: AuditLog,
  ) {}

  /** In the order of their scopes. */
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
   * The reason is shown to clients, too; the note is only kept in the audit log, which has the reason if there is no note.
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

  /** What it holds goes out in growing steps. @throws Problem `not-found` */
  close(id: string, note: string | null, actor: string): Promise<CircuitDto> {
    return this.command(id, { kind: 'operator_closes' }, { actor, action: 'circuit.closed', note });
  }

  private async command(
    id: string,
    event: CircuitEvent,
    deed: { readonly actor: string; readonly action: AuditAction; readonly note: string | null },
  ): Promise<CircuitDto> {
    const { scope, incidentId } = await this.find(id);
    // The end of an incident tells how much it held, so it is counted before.
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
