import type { Alarm } from './alarm.js';

/** Occurrences of one cause that wait to be written. */
export interface NotedAlarm {
  readonly alarm: Alarm;
  readonly count: number;
}

const MOST_CAUSES = 200;
const MOST_SUBJECTS = 1000;

/**
 * What happened since the last write, added up per cause and bounded whatever arrives. An entry stays until its write
 * has succeeded, so a database that is away for a while costs no alert.
 */
export class AlarmBuffer {
  private readonly alarms = new Map<string, NotedAlarm>();
  private readonly held = new Map<string, number>();

  get isEmpty(): boolean {
    return this.alarms.size === 0 && this.held.size === 0;
  }

  note(alarm: Alarm): void {
    const hasRoom = this.alarms.has(alarm.cause) || this.alarms.size < MOST_CAUSES;
    const noted = hasRoom ? alarm : overflowOf(alarm);
    this.alarms.set(noted.cause, { alarm: noted, count: (this.alarms.get(noted.cause)?.count ?? 0) + 1 });
  }

  /** One more send that an incident or a circuit holds. */
  noteHeld(subjectId: string): void {
    const count = this.held.get(subjectId);
    if (count === undefined && this.held.size >= MOST_SUBJECTS) return;
    this.held.set(subjectId, (count ?? 0) + 1);
  }

  /** The present entries; what comes later is not among them. */
  snapshot(): { alarms: readonly NotedAlarm[]; held: readonly (readonly [subjectId: string, count: number])[] } {
    return { alarms: [...this.alarms.values()], held: [...this.held] };
  }

  /** Forgets what was written, and keeps what was added to it meanwhile. */
  alarmWritten({ alarm, count }: NotedAlarm): void {
    const now = this.alarms.get(alarm.cause);
    if (!now) return;
    if (now.count === count) this.alarms.delete(alarm.cause);
    else this.alarms.set(alarm.cause, { alarm: now.alarm, count: now.count - count });
  }

  heldWritten(subjectId: string, count: number): void {
    const now = this.held.get(subjectId) ?? 0;
    if (now === count) this.held.delete(subjectId);
    else this.held.set(subjectId, now - count);
  }
}

/** Once there are too many causes, all others count as one: nothing goes unheard, and memory stays bounded. */
function overflowOf(alarm: Alarm): Alarm {
  return {
    ...alarm,
    cause: `request_errors:others:${alarm.severity}`,
    kind: 'request_errors',
    subjectId: null,
    summary: 'More different failures at once than are told apart; the failure history has them all.',
    facts: {},
  };
}
