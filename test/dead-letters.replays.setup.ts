import type { ReplayDto } from '../src/dead-letters/replays/replay.dto.js';
import { eventually } from './support/eventually.js';
import type { ServiceUnderTest } from './support/service.js';

export const REPLAYS = '/v1/admin/dead-letters/replays';
export const CLIENT = '0192c5b2-9a3e-7c41-8a53-6d1f5c1e7a10';

/** Dead letters as dispatch leaves them, without waiting for it. */
export async function bury({ database }: ServiceUnderTest, count: number, columns: Record<string, string> = {}) {
  const fields = { category: `'transactional'`, error_class: `'provider_fault'`, expires_at: 'NULL', ...columns };
  const content = columns['content'] ?? `'{"body":"Hello"}'`;
  const { rows } = await database.query<{ id: string }>(`
    WITH n AS (
      INSERT INTO notifications (id, client_id, status, recipient, channels, channel, category, content, request_hash,
        on_unknown, expires_at, created_at, updated_at)
      SELECT new_uuid_v7(), '${CLIENT}', 'failed', '+1555123' || lpad(i::text, 4, '0'), '{sms}', 'sms', ${fields.category},
        ${content}, '', 'resend', ${fields.expires_at}, service_now(), service_now()
      FROM generate_series(1, ${count}) AS i RETURNING *
    ), d AS (
      INSERT INTO deliveries (id, notification_id, number, channel, status, sender, ended_at)
      SELECT new_uuid_v7(), id, 1, 'sms', 'failed', '+15005550006', service_now() FROM n RETURNING *
    )
    INSERT INTO dead_letters (id, notification_id, delivery_id, client_id, state, error_class, channel, category, reason,
      opened_at)
    SELECT new_uuid_v7(), n.id, d.id, n.client_id, 'open', ${fields.error_class}, 'sms', n.category, 'test', service_now()
    FROM n JOIN d ON d.notification_id = n.id RETURNING id`);
  return rows.map((row) => row.id);
}

export async function ended({ api }: Pick<ServiceUnderTest, 'api'>, id: string): Promise<ReplayDto> {
  return await eventually(
    async () => (await api.get<ReplayDto>(`${REPLAYS}/${id}`)).body,
    ({ state }) => state !== 'running',
  );
}

export const openOnes = async ({ api }: ServiceUnderTest) =>
  (await api.get<{ items: unknown[] }>('/v1/admin/dead-letters?state=open')).body.items.length;

export const replay = (service: Pick<ServiceUnderTest, 'api'>, body: object) =>
  service.api.post<ReplayDto>(REPLAYS, body);
