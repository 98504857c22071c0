import type { Statement } from '../database/database.js';
import { EACH_PRIORITY } from './priority.sql.js';

/**
 * How much is due and how long the oldest has waited, per priority; for metrics, health and the backlog alert. Work
 * that a circuit or a pace held counts from its release: waiting in a circuit has its own alert, and waiting for a pace
 * is intended. Work of a process that died is due again when its lease ends, even if no worker is left to rescue it.
 */
export const BACKLOG: Statement = {
  name: 'outbox-backlog',
  text: `
    SELECT p.priority, coalesce(due.depth, 0)::int AS depth,
      greatest(0, extract(epoch FROM service_now() - due.oldest))::float AS "oldestSeconds"
    FROM ${EACH_PRIORITY}
    LEFT JOIN (
      SELECT priority, count(*) AS depth, min(since) AS oldest FROM (
        SELECT priority, CASE WHEN released_by IS NULL THEN due_at ELSE greatest(due_at, released_at) END AS since
        FROM outbox
        WHERE lease_token IS NULL AND held_by IS NULL AND stage <> 'await_delivery' AND due_at <= service_now()
        UNION ALL
        SELECT priority, leased_until FROM outbox WHERE lease_token IS NOT NULL AND leased_until < service_now()
      ) AS waiting
      GROUP BY priority
    ) AS due ON due.priority = p.priority
    ORDER BY p.priority`,
};
