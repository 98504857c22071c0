import type { NotificationContent } from '../channels/content.js';
import { unusableContent } from '../channels/usable-content.js';
import type { NotificationStatus } from '../policy/transitions.js';
import type { Channel, Resolution } from '../policy/vocabulary.js';
import type { Corrections } from './corrections.js';
import type { DeadLetter } from './dead-letter.entity.js';

/** What a human wants done with a dead letter. */
export type ResolutionWish =
  | { readonly kind: 'retry'; readonly corrections?: Corrections }
  | { readonly kind: 'fallback'; readonly channel: Channel }
  | { readonly kind: 'discard' };

export const RESOLUTION_ACTIONS = ['retry', 'fallback', 'discard'] as const satisfies readonly ResolutionWish['kind'][];
export type ResolutionAction = (typeof RESOLUTION_ACTIONS)[number];

/** Why a dead letter cannot be resolved as requested. */
export const OBSTACLES = [
  'already_resolved',
  'not_failed',
  'expired',
  'same_channel',
  'no_sender',
  'content_deleted',
  'no_content',
  'opted_out',
] as const;
export type ObstacleReason = (typeof OBSTACLES)[number];

export interface Obstacle {
  readonly reason: ObstacleReason;
  /** A whole sentence: what stands in the way and what can be done. */
  readonly detail: string;
}

/** The facts on which a resolution is decided. */
export interface ResolutionState {
  readonly state: DeadLetter['state'];
  readonly resolution: Resolution | null;
  readonly notificationStatus: NotificationStatus;
  /** The notification's expiresAt has passed, by the database's clock. */
  readonly expired: boolean;
  /** The channel that failed. */
  readonly channel: Channel;
  /** The channel and sender that would be used now; the sender is null if none is configured. */
  readonly targetChannel: Channel;
  readonly targetSender: string | null;
  /** The recipient opted out of that sender. */
  readonly suppressed: boolean;
}

/**
 * What stands in the way of a resolution; null if nothing does. The only place that decides this, for one dead letter
 * as well as for a replay of thousands. Pure.
 * @param content what would be sent; null if retention has deleted it
 */
export function obstacleTo(
  kind: ResolutionAction,
  state: ResolutionState,
  content: NotificationContent | null,
): Obstacle | null {
  if (state.state === 'resolved') return obstacle('already_resolved', `It was ${state.resolution} already.`);
  if (kind === 'discard') return null;
  if (state.notificationStatus !== 'failed') {
    return obstacle(
      'not_failed',
      `Its notification is ${state.notificationStatus} meanwhile: discard the dead letter.`,
    );
  }
  if (state.expired) {
    return obstacle(
      'expired',
      'Its expiresAt has passed: the client does not want it to be sent any more. Discard it.',
    );
  }
  return kind === 'fallback' && state.targetChannel === state.channel
    ? obstacle('same_channel', `It failed on ${state.channel}: name another channel, or retry it.`)
    : sendingObstacle(state, content);
}

function sendingObstacle(state: ResolutionState, content: NotificationContent | null): Obstacle | null {
  const { targetChannel: channel, targetSender, suppressed } = state;
  if (targetSender === null) return obstacle('no_sender', `No sender is configured for ${channel}.`);
  if (content === null) {
    return obstacle(
      'content_deleted',
      'Its content was deleted by retention: retry it with new content, or discard it.',
    );
  }
  const [problem] = unusableContent([channel], content);
  if (problem) return obstacle('no_content', `It cannot be sent: ${problem.detail}.`);
  if (suppressed) {
    return obstacle(
      'opted_out',
      `The recipient opted out of the sender on ${channel}: nothing may be sent. Discard it.`,
    );
  }
  return null;
}

function obstacle(reason: ObstacleReason, detail: string): Obstacle {
  return { reason, detail };
}

/** The name of what was done. */
export function resolutionOf(wish: ResolutionWish): Resolution {
  switch (wish.kind) {
    case 'retry':
      return wish.corrections ? 'edited_and_retried' : 'retried';
    case 'fallback':
      return 'sent_on_fallback';
    case 'discard':
      return 'discarded';
  }
}

const NAMES = { to: 'recipient', from: 'sender', body: 'body', content: 'content' } as const satisfies Record<
  keyof Corrections,
  string
>;

/** The names of the corrected fields; never their values. */
export function namesOf(corrections: Corrections): string[] {
  return Object.entries(NAMES).flatMap(([field, name]) => (field in corrections ? [name] : []));
}

/** What was done, in a sentence for the notification's explanation: names no person and no value. */
export function resolutionSentence(wish: ResolutionWish, failedChannel: Channel, replay: boolean): string {
  const who = replay ? 'A human, replaying many at once,' : 'A human';
  switch (wish.kind) {
    case 'retry':
      return wish.corrections
        ? `${who} corrected its ${namesOf(wish.corrections).join(' and ')} and retried it on ${failedChannel}.`
        : `${who} retried it on ${failedChannel} as it was.`;
    case 'fallback':
      return `${who} sent it on ${wish.channel} instead of ${failedChannel}.`;
    case 'discard':
      return `${who} discarded it: nothing more is sent.`;
  }
}
