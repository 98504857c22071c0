import { Injectable } from '@nestjs/common';
import type { Statement, StatementRunner } from '../database/database.js';
import { type AuditAction, subjectOf } from './audited.js';

/** What to write down of one deed. No secret, no message body: states, ids and names. */
export interface AuditRecord {
  readonly actor: string;
  readonly action: AuditAction;
  readonly subjectId: string;
  readonly before?: object | null;
  readonly after?: object | null;
  readonly note?: string | null;
}

const RECORD: Statement = {
  name: 'audit_record',
  text: `
    INSERT INTO audit_log (id, actor, action, subject_type, subject_id, before, after, note)
    VALUES (new_uuid_v7(), $1, $2, $3, $4, $5, $6, $7)`,
};

/** Writes the audit log. */
@Injectable()
export class AuditLog {
  /** @param transaction the one that does the deed: neither is there without the other. */
  async record(transaction: StatementRunner, record: AuditRecord): Promise<void> {
    await transaction.run(RECORD, [
      record.actor,
      record.action,
      subjectOf(record.action),
      record.subjectId,
      asJson(record.before),
      asJson(record.after),
      record.note ?? null,
    ]);
  }
}

function asJson(state: object | null | undefined): string | null {
  return state === null || state === undefined ? null : JSON.stringify(state);
}
