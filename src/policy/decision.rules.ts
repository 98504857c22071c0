import type { OpenCause } from './vocabulary.js';

/**
 * By which rule something was decided that is no attempt's next step: `explain` names it beside the sentence. Closed, so
 * that whoever asks for one by its name finds it.
 */
export const DECISION_RULES = [
  /** The client took it back. */
  'cancel',
  /** Its `expiresAt` passed. */
  'expiry',
  /** Whether an attempt with an unknown outcome was accepted, and what follows. */
  'reconciliation',
  /** The answer to an attempt came when its lease was over. */
  'late answer',
  /** A status callback told more than its own status. */
  'callback',
  /** No callback told the end, so the provider was asked what became of the message. */
  'missing receipt',
  /** Accepted, but not delivered within `fallbackAfterSeconds`. */
  'fallback after acceptance',
  'accepted after a fallback was decided',
  'accepted after a human had it sent again',
  'delivered after a fallback was decided',
  'delivered after a human had it sent again',
  /** The notification was over before this delivery's work was. */
  'overtaken',
  /** The recipient opted out of the sender. */
  'suppression',
  /** The provider said not long ago that the recipient is not on the channel. */
  'recipient not on channel',
  /** The sender will not be back soon, and another channel is left. */
  'sender unavailable',
  /** Its words were deleted before it could be sent. */
  'retention',
  /** A human resolved its dead letter. */
  'review',
] as const;

/** A circuit, or the pace of its sender, holds it. */
export type HoldRule = `circuit: ${OpenCause | 'pace'}`;

export type DecisionRule = (typeof DECISION_RULES)[number] | HoldRule;
