import { Injectable } from '@nestjs/common';
import type { Statement, StatementRunner } from '../database/database.js';
import { type AuditAction, subjectOf } from './audited.js';

/** What to record of one action: states, ids and names; no secret, no message body. */
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
    SELECT new_uuid_v7(), r.*
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::json[], $6::json[], $7::text[]) AS r`,
};

/** Writes the audit log. */
@Injectable()
export class AuditLog {
  /** @param transaction the one that carries out the actions, so that neither exists without the other. */
  async record(transaction: StatementRunner, ...records: readonly AuditRecord[]): Promise<void> {
    await transaction.run(RECORD, [
      records.map(({ actor }) => actor),
      records.map(({ action }) => action),
      records.map(({ action }) => subjectOf(action)),
      records.map(({ subjectId }) => subjectId),
      records.map(({ before }) => asJson(before)),
      records.map(({ after }) => asJson(after)),
      records.map(({ note }) => note ?? null),
    ]);
  }
}

function asJson(state: object | null | undefined): string | null {
  return state === null || state === undefined ? null : JSON.stringify(state);
}
