import { KINDS, type AlertKind, type Severity } from './alert.kinds.js';
import type { AlertFactSheet } from './alarm.js';

/** What a sink is told: that the alert opened, that there is more of it, that it is still open, that it is over. */
export const CHANGES = ['opened', 'updated', 'repeated', 'resolved'] as const;
export type Change = (typeof CHANGES)[number];

/** An alert as a sink tells it. Times are the database's. */
export interface AlertNews {
  readonly id: string;
  readonly change: Change;
  /** Grows with every change of the alert. */
  readonly version: number;
  /** The version that the sink took last; 0 if it took none. */
  readonly toldVersion: number;
  readonly cause: string;
  readonly kind: AlertKind;
  readonly severity: Severity;
  readonly summary: string;
  readonly advice: string;
  readonly count: number;
  readonly facts: AlertFactSheet;
  readonly openedAt: Date;
  readonly updatedAt: Date;
  readonly resolvedAt: Date | null;
  /** Why it is over. */
  readonly ending: string | null;
  /** Link to the alert in the console, or to the API's answer about it. */
  readonly link: string;
}

/** "critical: The provider has an incident", "resolved: …". */
export function headline({ change, severity, kind }: AlertNews): string {
  return `${change === 'resolved' ? 'resolved' : severity}: ${KINDS[kind].title}`;
}

/** What happened. Once the alert is over, the reason comes first, since the rest no longer holds. */
export function whatHappened({ change, summary, ending }: AlertNews): string {
  return change === 'resolved' && ending !== null ? `${ending} It was: ${summary}` : summary;
}

/** "12 refusals since 2026-11-22 09:30:00 UTC"; "Open since …" if nothing was counted. */
export function howMany({ count, kind, openedAt, resolvedAt, change }: AlertNews): string {
  const [one, several] = KINDS[kind].counts;
  const until = change === 'resolved' && resolvedAt ? `, until ${readable(resolvedAt)}` : '';
  const since = `since ${readable(openedAt)}${until}`;
  return count === 0 ? `Open ${since}` : `${count} ${count === 1 ? one : several} ${since}`;
}

/**
 * The same for each try to tell the same news, so that a receiver can tell a repetition from news. An update is
 * identified by the version that the sink took last, whatever was added since.
 */
export function newsId({ id, change, toldVersion }: AlertNews): string {
  return `alert_${id}_${change === 'opened' || change === 'resolved' ? change : `after_${toldVersion}`}`;
}

function readable(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
