import { Test } from '@nestjs/testing';
import { Client } from 'pg';
import { pino } from 'pino';
import { expect, onTestFinished } from 'vitest';
import { ConfigModule } from '../src/config/config.module.js';
import { DatabaseModule } from '../src/database/database.module.js';
import { LoggingModule } from '../src/logging/logging.module.js';
import { RetentionModule } from '../src/retention/retention.module.js';
import type { NotificationDto } from '../src/notifications/notification.dto.js';
import { Retention } from '../src/retention/retention.service.js';
import { TwilioCallback } from './support/twilio-callback.js';
import { Provider, startTestService, type ServiceUnderTest } from './support/service.js';

export const HOUR = 3_600_000;
export const TO = '+15551230001';

/** The service, and retention as another process of it would run it. */
export async function startRetention(env: Record<string, string>) {
  const service = await startTestService(env);
  const retention = async () => {
    const module = await Test.createTestingModule({
      imports: [
        ConfigModule.register(service.configuration),
        LoggingModule.register(pino({ level: 'silent' })),
        DatabaseModule,
        RetentionModule,
      ],
    }).compile();
    await module.init();
    onTestFinished(() => module.close());
    return module.get(Retention);
  };
  return { ...service, provider: new Provider(service.simulator.url), retention };
}

export async function one(
  { database }: Pick<ServiceUnderTest, 'database'>,
  sql: string,
  ...values: unknown[]
): Promise<unknown> {
  const { rows } = await database.query<Record<string, unknown>>(sql, values);
  return rows[0] && Object.values(rows[0])[0];
}

/** What is left of the words of a notification: the client's, a human's, the provider's. */
export async function words(service: Pick<ServiceUnderTest, 'database'>, id: string): Promise<string[]> {
  const { rows } = await service.database.query<{ source: string }>(
    `SELECT 'content' AS source FROM notifications WHERE id = $1 AND content IS NOT NULL
     UNION SELECT 'corrections' FROM deliveries WHERE notification_id = $1 AND changes::jsonb ? 'content'
     UNION SELECT 'answers' FROM failures WHERE notification_id = $1 AND provider_body IS NOT NULL
     UNION SELECT 'reports' FROM callbacks WHERE notification_id = $1 AND params::text <> '{}' ORDER BY 1`,
    [id],
  );
  return rows.map((row) => row.source);
}

/** The statuses that the callbacks of a message report until it is delivered. */
export const TO_DELIVERED = ['sending', 'sent', 'delivered'] as const;

export async function delivered(service: Pick<ServiceUnderTest, 'api'>): Promise<string> {
  const id = await service.api.send({ to: TO, channels: ['sms'], body: 'Hello' });
  await reported(service, id, ...TO_DELIVERED);
  return id;
}

/** The notification once callbacks of all these statuses of its last delivery are on disk, which come in any order. */
export function reported(
  { api }: Pick<ServiceUnderTest, 'api'>,
  id: string,
  ...statuses: readonly string[]
): Promise<NotificationDto> {
  return api.until(id, ({ deliveries }) => {
    const told = deliveries.at(-1)?.callbacks.map(({ status }) => status) ?? [];
    return statuses.every((status) => told.includes(status));
  });
}

export async function report(
  service: ServiceUnderTest,
  delivery: NotificationDto['deliveries'][number] | undefined,
  status: string,
  code?: string,
): Promise<void> {
  const answer = await new TwilioCallback(service).message(
    delivery?.attempts[0]?.id ?? '',
    delivery?.providerSid ?? '',
    status,
    { Body: 'Secret words', ...(code ? { ErrorCode: code } : {}) },
  );
  expect(answer.status).toBe(204);
}

/** A transaction of somebody's that locks rows of a notification. @returns what ends it */
export async function hold(databaseUrl: string, lock: string, id: string): Promise<() => Promise<void>> {
  const holder = new Client({ connectionString: databaseUrl });
  await holder.connect();
  onTestFinished(() => holder.end());
  await holder.query('BEGIN');
  await holder.query(lock, [id]);
  return async () => void (await holder.query('ROLLBACK'));
}
