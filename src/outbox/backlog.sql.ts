import type { Statement } from '../database/database.js';

/** How much is due and how long the oldest has waited, per priority; for metrics, health and the backlog alert. */
export const BACKLOG: Statement = {
  name: 'outbox-backlog',
  text: `
    SELECT p.priority, coalesce(due.depth, 0)::int AS depth,
      greatest(0, extract(epoch FROM service_now() - due.oldest))::float AS "oldestSeconds"
    FROM generate_series(0, 3) AS p (priority)
    LEFT JOIN (
      SELECT priority, count(*) AS depth, min(due_at) AS oldest FROM outbox
      WHERE lease_token IS NULL AND held_by IS NULL AND stage <> 'await_delivery' AND due_at <= service_now()
      GROUP BY priority
    ) AS due ON due.priority = p.priority
    ORDER BY p.priority`,
};
