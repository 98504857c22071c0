import type { FailureDto } from '../src/failures/failure.dto.js';
import { Provider, startTestService, type ServiceUnderTest } from './support/service.js';

export const HISTORY = '/v1/admin/failures';

export interface FailurePageBody {
  readonly items: FailureDto[];
  readonly nextCursor: string | null;
}

/** Ten, each with a body of 1 MiB. */
export const LONG_FAILURES = `
  INSERT INTO failures (id, at, attempt_id, notification_id, delivery_id, client_id, recipient, channel, outcome,
    provider_body, error_class, responsible, rule, next_step)
  SELECT new_uuid_v7(), now(), new_uuid_v7(), new_uuid_v7(), new_uuid_v7(), new_uuid_v7(),
    '+15551230001', 'sms', 'rejected', repeat('x', 1048576), 'not_found', 'caller', 'test',
    '{"kind":"none","reason":"test"}'
  FROM generate_series(1, 10)`;

/** One failure at each of these moments. */
export async function failAt(database: ServiceUnderTest['database'], ...moments: Date[]): Promise<void> {
  await database.query(
    `INSERT INTO failures (id, at, attempt_id, notification_id, delivery_id, client_id, recipient, channel, outcome,
       error_class, responsible, rule, next_step)
     SELECT new_uuid_v7(), at, new_uuid_v7(), new_uuid_v7(), new_uuid_v7(), new_uuid_v7(), '+15551230001', 'sms',
       'rejected', 'not_found', 'caller', 'test', '{"kind":"none","reason":"test"}'
     FROM unnest($1::timestamptz[]) AS at`,
    [moments],
  );
}

/** Some failures of every kind: a refusal, unknown attempts, a failed callback. */
export async function startWithFailures() {
  const service = await startTestService({ RETRY_MAX: '1' });
  const provider = new Provider(service.simulator.url);
  const { api } = service;
  await provider.fail('+15551230002', { match: { resource: 'messages' }, fault: { kind: 'status', status: 503 } });
  await provider.fail('+15551230003', { fault: { kind: 'callback', status: 'undelivered', errorCode: 30003 } });
  await provider.fail('+15551230001', {
    fault: { kind: 'status', status: 400, code: 21211, message: '=HYPERLINK("https://evil.example"),\r\n"quoted"' },
  });
  const ids: Record<'refused' | 'unknown' | 'undelivered', string> = {
    refused: await api.send({ to: '+15551230001', channels: ['sms'], body: 'Hello' }),
    unknown: await api.send({ to: '+15551230002', channels: ['sms'], body: 'Hello' }),
    undelivered: await api.send({ to: '+15551230003', channels: ['sms'], body: 'Hello' }),
  };
  await Promise.all(Object.values(ids).map((id) => api.untilAnswered(id, 'failed')));
  return { ...service, provider, ids };
}

export async function failures({ api }: Pick<ServiceUnderTest, 'api'>, query = ''): Promise<FailureDto[]> {
  return (await api.get<FailurePageBody>(`${HISTORY}?${query}`)).body.items;
}
