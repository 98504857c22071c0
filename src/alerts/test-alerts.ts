import { Inject, Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.js';
import { Database } from '../database/database.js';
import { newId } from '../identifiers/new-id.js';
import { Problem } from '../problems/problem.js';
import type { Alarm } from './alarm.js';
import { KINDS, type Severity } from './alert.kinds.js';
import { AlertRegister } from './alert.register.js';
import { SINKS, type Sink } from './sinks/sink.js';

/** Test alerts: whether alerts reach on-call should be known before something is wrong. */
@Injectable()
export class TestAlerts {
  constructor(
    private readonly database: Database,
    private readonly register: AlertRegister,
    private readonly audit: AuditLog,
    @Inject(SINKS) private readonly sinks: readonly Sink[],
  ) {}

  /**
   * Opens a test alert, which the courier brings to the sinks like any other; the keeper ends it.
   * @returns its id
   * @throws Problem `conflict` if nobody would hear of it
   */
  async raise(severity: Severity, note: string | null, actor: string): Promise<string> {
    const sinks = this.sinks.map(({ name }) => name);
    if (sinks.every((name) => name === 'log')) {
      const detail =
        'No sink is configured but the log, so on-call would hear nothing. Set ALERT_WEBHOOK_URL, ALERTMANAGER_URL, PAGERDUTY_ROUTING_KEY or SLACK_WEBHOOK_URL.';
      throw new Problem('conflict', { detail });
    }
    return this.database.transaction(async (transaction) => {
      const subjectId = await this.register.raise(testAlarm(severity, actor), { count: { added: 1 } }, transaction);
      await this.audit.record(transaction, {
        actor,
        action: 'alert.tested',
        subjectId,
        after: { severity, sinks },
        note,
      });
      return subjectId;
    });
  }
}

/** Each test is an alert of its own, so that each is told from its beginning. */
function testAlarm(severity: Severity, actor: string): Alarm {
  return {
    cause: `test:${newId()}`,
    kind: 'test',
    subjectId: null,
    severity,
    summary: `This is a test of Postrider's alerts, asked for by ${actor}. Nothing is wrong.`,
    advice: KINDS.test.advice,
    facts: { requestedBy: actor },
    ends: 'when_quiet',
  };
}
