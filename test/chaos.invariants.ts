import type { Client } from 'pg';
import { mayBecome, type NotificationStatus } from '../src/policy/transitions.js';

/** Keeps every move of a notification's state, for {@link illegalMoves}. */
export const WATCH_MOVES = `
  CREATE TABLE moves (id bigserial, notification_id uuid, was text, became text);
  CREATE FUNCTION keep_move() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO moves (notification_id, was, became) VALUES (NEW.id, OLD.status, NEW.status);
      RETURN NULL;
    END
  $$;
  CREATE TRIGGER keep_move AFTER UPDATE ON notifications FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION keep_move()`;

/** What must find nothing once everything has settled: each a query for the ids of what broke it. */
const NEVER = {
  'work is left over, leased, held or watched': 'SELECT notification_id FROM outbox',
  'it neither ended nor waits for a human': `
    SELECT id FROM notifications WHERE status IN ('scheduled', 'queued', 'sending')`,
  'it failed, and no human is told': `
    SELECT n.id FROM notifications n WHERE n.status = 'failed'
      AND NOT EXISTS (SELECT 1 FROM dead_letters WHERE notification_id = n.id AND (state = 'open' OR resolution = 'discarded'))
      AND NOT EXISTS (SELECT 1 FROM failures WHERE notification_id = n.id AND error_class = 'opted_out')`,
  'a human is asked about what has not failed': `
    SELECT n.id FROM notifications n JOIN dead_letters l ON l.notification_id = n.id
    WHERE l.state = 'open' AND n.status <> 'failed'`,
  'it counts as sent, and nothing that was accepted can still arrive': `
    SELECT n.id FROM notifications n WHERE n.status = 'sent' AND NOT EXISTS (
      SELECT 1 FROM attempts a WHERE a.notification_id = n.id AND a.outcome = 'accepted' AND NOT EXISTS (
        SELECT 1 FROM failures WHERE notification_id = n.id AND attempt_id = a.id AND callback_id IS NOT NULL))`,
  'it was canceled, and something of it may arrive': `
    SELECT n.id FROM notifications n WHERE n.status = 'canceled' AND EXISTS (
      SELECT 1 FROM attempts a WHERE a.notification_id = n.id AND (a.outcome = 'unknown' OR (
        a.outcome = 'accepted' AND NOT EXISTS (
          SELECT 1 FROM failures WHERE notification_id = n.id AND attempt_id = a.id AND callback_id IS NOT NULL))))`,
  'its receipt did not count': `
    SELECT n.id FROM notifications n JOIN callbacks c ON c.notification_id = n.id
    WHERE c.status IN ('delivered', 'completed') AND n.status <> 'delivered' AND NOT EXISTS (
      SELECT 1 FROM deliveries WHERE notification_id = n.id AND id > c.delivery_id AND changes -> 'content' IS NOT NULL)`,
  'it is not on the channel that has it': `
    SELECT n.id FROM notifications n WHERE n.status = 'delivered' AND NOT EXISTS (
      SELECT 1 FROM deliveries WHERE notification_id = n.id AND channel = n.channel AND status = 'delivered')`,
  'an attempt is missing among its delivery’s, or is there twice': `
    SELECT notification_id FROM attempts GROUP BY notification_id, delivery_id
    HAVING count(*) <> max(number) OR count(DISTINCT number) <> count(*)`,
  'a failed attempt is missing in the failure history, or is there twice': `
    SELECT a.notification_id FROM attempts a WHERE a.outcome <> 'accepted' AND 1 <> (
      SELECT count(*) FROM failures WHERE notification_id = a.notification_id AND attempt_id = a.id AND callback_id IS NULL)`,
  'a message is taken for that of two attempts': `
    SELECT min(notification_id::text) FROM attempts WHERE provider_sid IS NOT NULL
    GROUP BY provider_sid HAVING count(*) > 1`,
  'a resolution is missing in the audit log, or is there twice': `
    SELECT l.notification_id FROM dead_letters l WHERE l.state = 'resolved' AND l.resolved_by <> 'system' AND 1 <> (
      SELECT count(*) FROM audit_log WHERE subject_id = l.id::text AND action = 'dead_letter.' || l.resolution)`,
} as const;

/** What was broken, and by which notifications; empty when all is well. */
export async function brokenInvariants(database: Client): Promise<Record<string, string[]>> {
  const broken: Record<string, string[]> = {};
  for (const [what, query] of Object.entries(NEVER)) {
    const { rows } = await database.query<[string]>({ text: query, rowMode: 'array' });
    if (rows.length > 0) broken[what] = rows.map(([id]) => id);
  }
  return broken;
}

/** What happened to a notification, in order: for whoever looks into a find, since the database goes with the test. */
export async function storyOf(database: Client, id: string): Promise<string> {
  const { rows } = await database.query<{ line: string }>(
    `SELECT concat_ws(' ', to_char(at, 'HH24:MI:SS.MS'), right(delivery_id::text, 4), right(attempt_id::text, 4), what) AS line
     FROM (
       SELECT n.created_at AS at, NULL::uuid AS delivery_id, NULL::uuid AS attempt_id,
         concat_ws(' ', 'NOTIFICATION', n.status, n.channel, n.channels, n.on_unknown, n.fallback_after_seconds, n.expires_at) AS what
       FROM notifications n WHERE id = $1
       UNION ALL SELECT coalesce(ended_at, 'infinity'), id, NULL,
         concat_ws(' ', 'delivery', number, channel, status, changes) FROM deliveries WHERE notification_id = $1
       UNION ALL SELECT started_at, delivery_id, id,
         concat_ws(' ', 'attempt', number, outcome, http_status, provider_sid, duration_ms, CASE WHEN possible_duplicate THEN 'possible duplicate' END)
       FROM attempts WHERE notification_id = $1
       UNION ALL SELECT at, delivery_id, attempt_id, concat_ws(' ', 'failure', outcome, rule, next_step)
       FROM failures WHERE notification_id = $1
       UNION ALL SELECT received_at, delivery_id, attempt_id, concat_ws(' ', 'callback', status, error_code, provider_sid)
       FROM callbacks WHERE notification_id = $1
       UNION ALL SELECT at, delivery_id, attempt_id, concat_ws(' ', 'decision', rule, sentence)
       FROM decisions WHERE notification_id = $1
       UNION ALL SELECT opened_at, delivery_id, NULL, concat_ws(' ', 'dead letter', state, resolution, resolved_at, reason)
       FROM dead_letters WHERE notification_id = $1
     ) AS story ORDER BY at`,
    [id],
  );
  return rows.map(({ line }) => line).join('\n');
}

/** Moves that the transition table does not have; settling makes those to and from `sending` in the same statement. */
export async function illegalMoves(database: Client): Promise<string[]> {
  const { rows } = await database.query<{ id: string; was: NotificationStatus; became: NotificationStatus }>(
    'SELECT notification_id AS id, was, became FROM moves ORDER BY moves.id',
  );
  return rows
    .filter(({ was, became }) => !mayBecome(was, became))
    .map(({ id, was, became }) => `${id}: ${was} → ${became}`);
}

/**
 * Whom the provider accepted more than once for although the later attempt is not marked as a possible duplicate: allowed
 * only where all that was accepted before had been reported failed.
 * @param accepted the attempts that the provider accepted, by its own record
 */
export async function unmarkedDuplicates(database: Client, accepted: readonly string[]): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(
    `WITH accepted AS (SELECT * FROM attempts WHERE id = ANY ($1))
     SELECT later.notification_id AS id
     FROM accepted later JOIN accepted earlier
       ON earlier.notification_id = later.notification_id AND earlier.started_at < later.started_at
     WHERE NOT later.possible_duplicate AND NOT EXISTS (
       SELECT 1 FROM failures f WHERE f.attempt_id = earlier.id AND f.callback_id IS NOT NULL AND f.at <= later.started_at)`,
    [accepted],
  );
  return rows.map(({ id }) => id);
}

/** Of these attempts, those that are not on disk. */
export async function unknownAttempts(database: Client, attemptIds: readonly string[]): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(
    'SELECT id FROM unnest($1::uuid[]) AS t (id) WHERE id NOT IN (SELECT a.id FROM attempts a)',
    [attemptIds],
  );
  return rows.map(({ id }) => id);
}
