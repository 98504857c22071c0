import type { OpenCause } from './vocabulary.js';

/**
 * Rules behind decisions that are not an attempt's next step; `explain` shows the rule beside the sentence. A closed
 * set, so that decisions can be searched by rule.
 */
export const DECISION_RULES = [
  /** The client canceled it. */
  'cancel',
  /** Its `expiresAt` passed. */
  'expiry',
  /** Whether an attempt with an unknown outcome was accepted, and what follows. */
  'reconciliation',
  /** The answer to an attempt arrived after its lease had expired. */
  'late answer',
  /** A status callback had consequences beyond its own status. */
  'callback',
  /** No callback reported a final status; asked for it or for its list, the provider said what became of the message. */
  'missing receipt',
  /** Accepted, but not delivered within `fallbackAfterSeconds`. */
  'fallback after acceptance',
  'accepted after a fallback was decided',
  'accepted after a human had it sent again',
  'delivered after a fallback was decided',
  'delivered after a human had it sent again',
  /** The notification ended before the work on this delivery did. */
  'overtaken',
  /** The recipient opted out of the sender. */
  'suppression',
  /** The provider recently reported that the recipient is not on the channel. */
  'recipient not on channel',
  /** The sender will be unavailable for a while, and another channel is left. */
  'sender unavailable',
  /** Retention deleted its content before it could be sent. */
  'retention',
  /** A human resolved its dead letter. */
  'review',
] as const;

/** A circuit or its sender's pace holds it. */
export type HoldRule = `circuit: ${OpenCause | 'pace'}`;

export type DecisionRule = (typeof DECISION_RULES)[number] | HoldRule;
