import type { NotificationContent } from '../channels/content.js';
import type { Statement } from '../database/database.js';
import { recipientMemory } from '../recipients/remembered.sql.js';
import { countsAsTried } from '../outbox/tried.sql.js';
import type { DeliveryChanges } from '../outbox/work.js';
import type { Channel } from '../policy/vocabulary.js';
import type { DeadLetter } from './dead-letter.entity.js';
import { FILTER_LENGTH, fitsFilter } from './dead-letter.filter.js';
import { DEAD_LETTER } from './dead-letter.sql.js';
import type { ResolutionState } from './resolution.js';

/** A dead letter with all that is needed to decide about it. */
export type Candidate = DeadLetter &
  ResolutionState & {
    /** The notification's content; null once retention has deleted it. */
    readonly content: NotificationContent | null;
    /** Corrections of the delivery that failed. */
    readonly changes: DeliveryChanges | null;
    /** The client's channels in order, and those that were tried. */
    readonly channels: readonly Channel[];
    readonly tried: readonly Channel[];
  };

/**
 * Candidates with the channel, sender and recipient that a resolution would use. The first parameters: senders by
 * channel (JSON), channel of a fallback, corrected recipient, corrected sender; the last three may be null. Looked up
 * by id, row by row, since joining a page of them might read every notification there is.
 * @param deadLetters the table, or a subquery in parentheses
 */
const candidatesAmong = (deadLetters: string) => `
  SELECT ${DEAD_LETTER}, n.status AS "notificationStatus", n.content, d.changes, n.channels,
    (SELECT array_agg(e.channel) FROM deliveries e WHERE e.notification_id = n.id AND ${countsAsTried('e')}) AS tried,
    coalesce(n.expires_at <= service_now(), false) AS expired,
    target.channel AS "targetChannel", target.sender AS "targetSender",
    ${recipientMemory('target.recipient', 'target.sender', 'target.channel')}
  FROM ${deadLetters} AS l
  CROSS JOIN LATERAL (SELECT * FROM notifications WHERE id = l.notification_id LIMIT 1) AS n
  CROSS JOIN LATERAL (SELECT * FROM deliveries WHERE id = l.delivery_id LIMIT 1) AS d
  CROSS JOIN LATERAL (
    SELECT coalesce($2::text, l.channel) AS channel,
      coalesce($4::text, CASE WHEN $2 IS NULL THEN d.changes ->> 'from' END,
        $1::json ->> coalesce($2, l.channel)) AS sender,
      coalesce($3::text, d.changes ->> 'to', n.recipient) AS recipient
  ) AS target`;

const CANDIDATE_LENGTH = 4;

/** Locks the notifications of dead letters: before the dead letters, as every transaction does. */
export const LOCK_NOTIFICATIONS: Statement = {
  name: 'dead-letters-lock-notifications',
  plan: 'each_time',
  text: `
    SELECT n.id FROM notifications n
    WHERE n.id = ANY (ARRAY(SELECT notification_id FROM dead_letters WHERE id = ANY ($1::uuid[])))
    ORDER BY n.id FOR NO KEY UPDATE`,
};

/** Locks those notifications of dead letters that nobody has locked, and returns the ids of their dead letters. */
export const LOCK_UNHELD: Statement = {
  name: 'dead-letters-lock-unheld',
  plan: 'each_time',
  text: `
    SELECT l.id FROM dead_letters l CROSS JOIN LATERAL (
      SELECT FROM notifications WHERE id = l.notification_id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
    ) AS n
    WHERE l.id = ANY ($1::uuid[])`,
};

/** Candidates, locked: if two people resolve the same one at once, the second finds it resolved. */
export const LOCK_CANDIDATES: Statement = {
  name: 'dead-letters-lock-candidates',
  plan: 'each_time',
  text: `${candidatesAmong('dead_letters')} WHERE l.id = ANY ($5::uuid[]) ORDER BY l.id FOR NO KEY UPDATE OF l`,
};

const AFTER = `$${CANDIDATE_LENGTH + FILTER_LENGTH + 1}`;
const HOW_MANY = `$${CANDIDATE_LENGTH + FILTER_LENGTH + 2}`;

/**
 * A page of the candidates that match a filter, oldest first. Parameters after the filter's: the id before the page,
 * how many. The page is selected before anything else is read: PostgreSQL estimates one row for what an incident has
 * just opened, and would look all of it up for each page.
 */
export const CANDIDATES: Statement = {
  name: 'dead-letters-candidates',
  plan: 'each_time',
  text: `
    ${candidatesAmong(`(
      SELECT * FROM dead_letters AS l
      WHERE ${fitsFilter(CANDIDATE_LENGTH + 1)} AND (${AFTER}::uuid IS NULL OR l.id > ${AFTER})
      ORDER BY l.id LIMIT ${HOW_MANY}
    )`)}
    ORDER BY l.id`,
};

export const MARK_RESOLVED: Statement = {
  name: 'dead-letters-mark-resolved',
  plan: 'each_time',
  text: `
    UPDATE dead_letters l
    SET state = 'resolved', resolution = $2, resolved_at = service_now(), resolved_by = $3, note = $4
    WHERE l.id = ANY ($1::uuid[])
    RETURNING ${DEAD_LETTER}`,
};
