-- Once, after a restore to an earlier moment and before the first start: psql "$DATABASE_URL" -f after-restore.sql
-- What it is for: running.md, "Backup and restore".
BEGIN;

-- Receipts since the backup are lost: without them, every timer of fallbackAfterSeconds would send another message.
WITH dropped AS (
  DELETE FROM outbox WHERE stage = 'await_delivery' RETURNING 1
)
SELECT count(*) AS "accepted before; they wait for no receipt any more" FROM dropped;

-- What was due may have been sent since the backup. It becomes an attempt whose process died after the newest thing that
-- the backup knows: the first worker takes it over and asks Twilio before it sends anything.
WITH asked AS (
  UPDATE outbox SET
    attempt_id = new_uuid_v7(), attempts = attempts + 1, held_by = NULL,
    attempt_started_at = (
      SELECT max(at) FROM (
        SELECT max(created_at) AS at FROM notifications UNION ALL SELECT max(started_at) FROM attempts
      ) AS newest
    ),
    lease_token = gen_random_uuid(), lease_owner = gen_random_uuid(), leased_until = service_now() - interval '1 second'
  WHERE stage = 'send' AND lease_token IS NULL AND (due_at <= service_now() OR held_by IS NOT NULL)
  RETURNING 1
)
SELECT count(*) AS "due; Twilio is asked about each before it is sent" FROM asked;

COMMIT;
