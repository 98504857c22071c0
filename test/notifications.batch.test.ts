import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BatchDto } from '../src/notifications/batch.dto.js';
import { startService } from '../src/service.js';
import { refuse } from './support/bad-row.js';
import { ADMIN_KEY, ApiClient, shareTestService } from './support/service.js';

const service = shareTestService();
const SMS = { channels: ['sms'], body: 'Hello' };
const soon = (ms: number) => new Date(Date.now() + ms).toISOString();

/** A number of its own for each test, so that they do not see each other's requests. */
let numbers = 0;
const recipient = () => `+1555124${String((numbers += 1)).padStart(4, '0')}`;

/** From now on PostgreSQL refuses to store a notification to this number, with this SQLSTATE. */
async function refuseToStore(to: string, sqlState: string): Promise<void> {
  const refusal = { table: 'notifications', when: `NEW.recipient = '${to}'`, sqlState, says: `not ${to}` };
  onTestFinished((await refuse(service().database, refusal)).mend);
}

describe('POST /v1/notifications/batch', () => {
  it('accepts the good, refuses the bad, and answers each at its place', async () => {
    const { api } = service();
    const to = recipient();
    const answer = await api.post<BatchDto>('/v1/notifications/batch', {
      notifications: [
        { ...SMS, to, idempotencyKey: 'batch-1' },
        { ...SMS, to: 'nobody' },
        { ...SMS, to, idempotencyKey: 'batch-1' },
        { ...SMS, to, body: 'Other', idempotencyKey: 'batch-1' },
        'not an object',
      ],
    });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ accepted: 2, rejected: 3 });
    const [one, bad, replay, conflict, nonsense] = answer.body.results;
    expect(replay?.id).toBe(one?.id);
    expect(bad?.error).toMatchObject({ status: 400, errors: [{ pointer: '/to' }] });
    expect(conflict?.error).toMatchObject({ status: 422 });
    expect(nonsense?.error).toMatchObject({ status: 400 });
  });

  it('takes a thousand and not one more', async () => {
    const { api } = service();
    const many = (count: number) => ({
      notifications: Array.from({ length: count }, () => ({ ...SMS, to: '+15005551403', sendAt: soon(3_600_000) })),
    });
    expect((await api.post('/v1/notifications/batch', many(1000))).body).toMatchObject({ accepted: 1000 });
    expect((await api.post('/v1/notifications/batch', many(1001))).status).toBe(400);
    expect((await api.post('/v1/notifications/batch', many(0))).status).toBe(400);
  });

  it('tells each of its own odd values, and keeps the others', async () => {
    const { api } = service();
    const item = (more: string) => `{"to":"${recipient()}","channels":["sms"],"body":"Hello"${more}}`;
    const items = ['', ',"metadata":{"a":1e999}', ',"expiresAt":"9999-12-31T23:59:59-12:00"', ''].map(item);
    const { status, body } = await api.post<BatchDto>(
      '/v1/notifications/batch',
      `{"notifications":[${items.join(',')}]}`,
    );
    expect([status, body.accepted, body.rejected]).toEqual([202, 2, 2]);
    expect(body.results).toMatchObject([
      { status: 'queued' },
      { error: { status: 400, errors: [{ pointer: '/metadata' }] } },
      { error: { status: 400, errors: [{ pointer: '/expiresAt' }] } },
      { status: 'queued' },
    ]);
  });

  it('tells what became of the others when one fails unexpectedly, and logs the reason without its content', async () => {
    const { configuration, database } = service();
    const lines: string[] = [];
    const logger = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
    const own = await startService({ ...configuration, env: { ...configuration.env, PORT: 0 } }, logger);
    onTestFinished(() => own.close());
    const [good, bad] = [recipient(), recipient()];
    await refuseToStore(bad, '22023');
    const notifications = [good, bad, good, bad].map((to) => ({ ...SMS, to, sendAt: soon(3_600_000) }));
    const api = new ApiClient(own.url, ADMIN_KEY);
    const { status, headers, body } = await api.post<BatchDto>('/v1/notifications/batch', { notifications });
    expect([status, body.accepted, body.rejected]).toEqual([202, 2, 2]);
    const requestId = headers.get('x-request-id');
    const error = { type: 'urn:postrider:problem:internal', status: 500, requestId };
    expect(body.results).toMatchObject([{ status: 'scheduled' }, { error }, { status: 'scheduled' }, { error }]);
    const { rows } = await database.query('SELECT id FROM notifications WHERE recipient = $1 ORDER BY id', [good]);
    expect(rows.map(({ id }) => id)).toEqual([body.results[0]?.id, body.results[2]?.id]);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { requestId, indexes: [1, 3], err: { code: '22023' }, msg: 'items of a batch failed unexpectedly' },
    ]);
    expect(lines.join()).not.toMatch(/Hello|1555124/);
  });

  it('tells which are stored when the database is lost midway, and answers 503 when none is', async () => {
    const { api } = service();
    const bad = recipient();
    await refuseToStore(bad, '57014');
    const [good, lost] = ['+15005551403', bad].map((to) => ({ ...SMS, to, sendAt: soon(3_600_000) }));
    // What is lost fails its whole statement, which takes 500 at most.
    const notifications = [...Array.from({ length: 500 }, () => good), lost];
    const { status, body } = await api.post<BatchDto>('/v1/notifications/batch', { notifications });
    expect([status, body.accepted, body.rejected]).toEqual([202, 500, 1]);
    expect(body.results.at(-1)).toMatchObject({ index: 500, error: { status: 503 } });
    const none = await api.post('/v1/notifications/batch', { notifications: [lost, { ...SMS, to: 'nobody' }] });
    expect([none.status, none.headers.get('retry-after')]).toEqual([503, '1']);
  });
});
