import { Inject, Injectable } from '@nestjs/common';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { Outbox } from '../outbox/outbox.js';
import { PRIORITY } from '../outbox/work.js';
import { CATEGORIES, isCritical, type Category } from '../policy/vocabulary.js';
import type { Alarm } from './alarm.js';
import { KINDS, type Severity } from './alert.kinds.js';
import { AlertRegister } from './alert.register.js';

/** Late work is critical or not by its category, and each of the two severities has an alert of its own. */
const BACKLOG_SEVERITIES = ['critical', 'warning'] as const satisfies readonly Severity[];
type BacklogSeverity = (typeof BACKLOG_SEVERITIES)[number];

/** Due work of a category, and how long the oldest has waited. */
export interface Backlog {
  readonly category: Category;
  readonly depth: number;
  readonly oldestSeconds: number;
}

/** Raises the alerts of a backlog that is too old, and ends them. */
@Injectable()
export class BacklogWatch {
  constructor(
    private readonly outbox: Outbox,
    private readonly register: AlertRegister,
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  async look(): Promise<void> {
    const limit = this.configuration.env.BACKLOG_ALERT_SECONDS;
    const rows = await this.outbox.backlog();
    const late = CATEGORIES.flatMap((category): Backlog[] => {
      const row = rows.find(({ priority }) => priority === PRIORITY[category]);
      const oldestSeconds = row?.oldestSeconds ?? 0;
      return row && oldestSeconds > limit ? [{ category, depth: row.depth, oldestSeconds }] : [];
    });
    for (const severity of BACKLOG_SEVERITIES) {
      const some = late.filter(({ category }) => severityOf(category) === severity);
      if (some.length > 0) await this.raise(severity, some, limit);
      else await this.register.resolve(causeOf(severity), NO_MORE[severity](limit));
    }
  }

  private async raise(severity: BacklogSeverity, late: readonly Backlog[], limit: number): Promise<void> {
    await this.register.raise(backlogAlarm(severity, late, limit), {
      count: { now: sum(late.map(({ depth }) => depth)) },
    });
  }
}

const NO_MORE = {
  critical: (limit) => `Nothing critical that is due waits longer than ${limit} s any more.`,
  warning: (limit) => `No marketing that is due waits longer than ${limit} s any more.`,
} as const satisfies Record<BacklogSeverity, (limit: number) => string>;

/** Pure. @param late of this severity; @param limit in seconds */
export function backlogAlarm(severity: BacklogSeverity, late: readonly Backlog[], limit: number): Alarm {
  const parts = late.map(
    ({ category, depth, oldestSeconds }) => `${category} for ${Math.floor(oldestSeconds)} s (${depth} due)`,
  );
  return {
    cause: causeOf(severity),
    kind: 'backlog',
    subjectId: null,
    severity,
    summary: `Due notifications have waited for more than ${limit} s: ${parts.join(', ')}.`,
    advice: KINDS.backlog.advice,
    facts: { limitSeconds: limit, oldestSeconds: Math.floor(Math.max(...late.map((each) => each.oldestSeconds))) },
    ends: 'with_its_cause',
  };
}

function severityOf(category: Category): BacklogSeverity {
  return isCritical(category) ? 'critical' : 'warning';
}

function causeOf(severity: BacklogSeverity): string {
  return `backlog:${severity}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
