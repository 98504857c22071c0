import { Inject, Injectable } from '@nestjs/common';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { Outbox } from '../outbox/outbox.js';
import { PRIORITY } from '../outbox/work.js';
import { CATEGORIES, isCritical, type Category } from '../policy/vocabulary.js';
import type { Alarm } from './alarm.js';
import { KINDS } from './alert.kinds.js';
import { AlertRegister } from './alert.register.js';

const CAUSE = 'backlog';

/** Due work of a category, and how long the oldest has waited. */
export interface Backlog {
  readonly category: Category;
  readonly depth: number;
  readonly oldestSeconds: number;
}

/** Raises the alert of a backlog that is too old, and ends it. */
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
    if (late.length === 0) {
      await this.register.resolve(CAUSE, `Nothing due waits longer than ${limit} s any more.`);
    } else {
      await this.register.raise(backlogAlarm(late, limit), { count: { now: sum(late.map(({ depth }) => depth)) } });
    }
  }
}

/** Pure. @param limit in seconds */
export function backlogAlarm(late: readonly Backlog[], limit: number): Alarm {
  const parts = late.map(
    ({ category, depth, oldestSeconds }) => `${category} since ${Math.floor(oldestSeconds)} s (${depth} due)`,
  );
  return {
    cause: CAUSE,
    kind: 'backlog',
    subjectId: null,
    severity: late.some(({ category }) => isCritical(category)) ? 'critical' : 'warning',
    summary: `Due notifications wait longer than ${limit} s: ${parts.join(', ')}.`,
    advice: KINDS.backlog.advice,
    facts: { limitSeconds: limit, oldestSeconds: Math.floor(Math.max(...late.map((each) => each.oldestSeconds))) },
    ends: 'with_its_cause',
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
