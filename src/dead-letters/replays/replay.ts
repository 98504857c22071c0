import type { Channel } from '../../policy/vocabulary.js';
import type { ReplayFilter } from '../dead-letter.filter.js';
import type { ObstacleReason, ResolutionAction, ResolutionWish } from '../resolution.js';

/**
 * `running`    dead letters are still being resolved, or will be as soon as a worker is there
 * `completed`  nothing is left that matched
 * `canceled`   a human stopped it; what was done stays done
 * `failed`     one unexpected failure followed another, so it stopped itself
 */
export const REPLAY_STATES = ['running', 'completed', 'canceled', 'failed'] as const;
export type ReplayState = (typeof REPLAY_STATES)[number];

/** Many dead letters, resolved one by one in the same way. */
export interface Replay {
  readonly id: string;
  readonly state: ReplayState;
  readonly action: ResolutionAction;
  readonly channel: Channel | null;
  readonly filter: Omit<ReplayFilter, 'ids'>;
  /** How many dead letters the filter names; null if it names none. */
  readonly ids: number | null;
  readonly ratePerSecond: number;
  readonly note: string | null;
  /** The actor, as in the audit log. */
  readonly startedBy: string;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  /** Open dead letters that matched the filter when the replay started. */
  readonly matched: number;
  readonly done: number;
  /** Left alone because of an unexpected failure. */
  readonly failed: number;
  /** Left alone because of an obstacle, by reason. */
  readonly skips: Readonly<Partial<Record<ObstacleReason, number>>>;
}

export function skippedOf({ skips }: Replay): number {
  return Object.values(skips).reduce((sum, count) => sum + count, 0);
}

/** What a replay does to each dead letter. */
export function wishOf({ action, channel }: Pick<Replay, 'action' | 'channel'>): ResolutionWish {
  if (action !== 'fallback') return { kind: action };
  if (channel === null) throw new Error('a fallback without a channel was let through');
  return { kind: action, channel };
}
