import { SYSTEM } from '../audit/system.actor.js';
import type { Statement } from '../database/database.js';

/**
 * Finds keys by the hashes of their secrets, unless they are revoked. If the client has another valid key of the same name,
 * the caller's name ends with the id of the key, so that the audit log tells them apart. The same goes for a client
 * with the service's own name, created before that was refused: it cannot pose as the service.
 */
export const FIND_KEYS: Statement = {
  name: 'api_keys_find',
  text: `
    SELECT k.id, k.client_id, k.scopes, k.secret_hash, clients.name || '/' || k.name || CASE WHEN lower(clients.name) = '${SYSTEM}' OR EXISTS (
        SELECT 1 FROM api_keys t
        WHERE t.client_id = k.client_id AND t.name = k.name AND t.id <> k.id AND t.revoked_at IS NULL
      ) THEN '#' || k.id ELSE '' END AS caller_name
    FROM api_keys k JOIN clients ON clients.id = k.client_id
    WHERE k.secret_hash = ANY ($1::bytea[]) AND k.revoked_at IS NULL`,
};

/** Once a minute is enough to see which keys are in use; replicas do not repeat each other's update. */
export const TOUCH_KEY: Statement = {
  name: 'api_key_touch',
  text: `
    UPDATE api_keys SET last_used_at = service_now()
    WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < service_now() - interval '1 minute')`,
};

/** Returns no row if the name is taken. */
export const CREATE_CLIENT: Statement = {
  name: 'client_create',
  text: `INSERT INTO clients (id, name) VALUES (new_uuid_v7(), $1) ON CONFLICT (name) DO NOTHING RETURNING id, name`,
};

export const FIND_CLIENT: Statement = { name: 'client_find', text: 'SELECT id, name FROM clients WHERE id = $1' };

export const CREATE_KEY: Statement = {
  name: 'api_key_create',
  text: `
    INSERT INTO api_keys (id, client_id, name, scopes, secret_hash)
    VALUES (new_uuid_v7(), $1, $2, $3, $4)
    RETURNING id, created_at`,
};

/** Returns no row if the key is unknown or already revoked. */
export const REVOKE_KEY: Statement = {
  name: 'api_key_revoke',
  text: `
    UPDATE api_keys SET revoked_at = service_now() WHERE id = $1 AND revoked_at IS NULL
    RETURNING name, revoked_at`,
};

export const KEY_EXISTS: Statement = { name: 'api_key_exists', text: 'SELECT 1 AS found FROM api_keys WHERE id = $1' };

/** Tells every replica to forget the keys it has cached. Delivered when the transaction commits. */
export const FORGET_KEYS: Statement = { name: 'api_key_forget', text: `SELECT pg_notify('postrider_keys', '')` };

/** Writes even if the client exists, so that replicas that start together wait here for each other. */
export const ENSURE_CLIENT: Statement = {
  name: 'client_ensure',
  text: `
    INSERT INTO clients (id, name) VALUES (new_uuid_v7(), $1)
    ON CONFLICT (name) DO UPDATE SET name = EXCLUDED.name RETURNING id`,
};

/**
 * Finds this very key if it existed before: its scopes, and whether a start with another ADMIN_API_KEY revoked it. The
 * actor alone does not tell, since a client could once be named `system`, but only the API records the state before.
 */
export const FIND_INSTALLED: Statement = {
  name: 'api_key_find_installed',
  plan: 'each_time',
  text: `
    SELECT k.scopes, k.revoked_at AS "revokedAt", k.revoked_at IS NOT NULL AND (
        SELECT l.actor = $4 AND l.before IS NULL FROM audit_log l
        WHERE l.subject_type = 'api_key' AND l.subject_id = k.id::text AND l.action = 'api_key.revoked'
        ORDER BY l.id DESC LIMIT 1
      ) IS TRUE AS "replacedAtStart"
    FROM api_keys k WHERE k.client_id = $1 AND k.name = $2 AND k.secret_hash = $3`,
};

export const REVOKE_PREDECESSORS: Statement = {
  name: 'api_key_revoke_predecessors',
  text: `
    UPDATE api_keys SET revoked_at = service_now()
    WHERE client_id = $1 AND name = $2 AND secret_hash <> $3 AND revoked_at IS NULL
    RETURNING id, revoked_at AS "revokedAt"`,
};

/** Inserts the key or reinstates it; returns no row if the secret belongs to a key of another name. */
export const INSTALL_KEY: Statement = {
  name: 'api_key_install',
  text: `
    INSERT INTO api_keys (id, client_id, name, secret_hash, scopes)
    VALUES (new_uuid_v7(), $1, $2, $3, $4)
    ON CONFLICT (secret_hash) DO UPDATE SET revoked_at = NULL, scopes = EXCLUDED.scopes
      WHERE api_keys.client_id = EXCLUDED.client_id AND api_keys.name = EXCLUDED.name
    RETURNING id`,
};
