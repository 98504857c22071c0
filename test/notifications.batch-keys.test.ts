import { describe, expect, it, onTestFinished } from 'vitest';
import type { BatchDto } from '../src/notifications/batch.dto.js';
import { ADMIN_KEY, ApiClient, shareTestService, startTestService } from './support/service.js';

const service = shareTestService();

const PATH = '/v1/notifications/batch';
const soon = () => new Date(Date.now() + 3_600_000).toISOString();

/** A number of its own for each test, so that they do not see each other's requests. */
let numbers = 0;
const scheduled = (more: object = {}) => {
  const to = `+1555126${String((numbers += 1)).padStart(4, '0')}`;
  return { to, channels: ['sms'], body: 'Hello', sendAt: soon(), ...more };
};
const underKey = (key: string) => ({ 'idempotency-key': key });
const idsOf = ({ results }: BatchDto) => results.map(({ id }) => id);

describe('a batch with an Idempotency-Key', () => {
  it('is accepted once, however often it comes, and says so', async () => {
    const { api, database } = service();
    const batch = { notifications: [scheduled(), scheduled({ idempotencyKey: 'my-own' }), scheduled()] };
    const first = await api.post<BatchDto>(PATH, batch, underKey('orders-1'));
    expect([first.status, first.headers.get('idempotent-replayed')]).toEqual([202, null]);
    const again = await api.post<BatchDto>(PATH, batch, underKey('"orders-1"'));
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([202, 'true']);
    expect(again.body).toEqual(first.body);
    const { rows } = await database.query(
      'SELECT idempotency_key FROM notifications WHERE id = ANY($1) ORDER BY idempotency_key',
      [idsOf(first.body)],
    );
    expect(rows.map((row) => row.idempotency_key)).toEqual(['my-own', 'orders-1:0', 'orders-1:2']);
  });

  it('gets the answer of what was accepted alone under the key of an item', async () => {
    const { api } = service();
    const notification = scheduled();
    const id = await api.send(notification, 'orders-2:0');
    const { body } = await api.post<BatchDto>(PATH, { notifications: [notification] }, underKey('orders-2'));
    expect(idsOf(body)).toEqual([id]);
  });

  it('is no replay while one of its items is new, refused or another one', async () => {
    const { api } = service();
    const [one, two] = [scheduled(), scheduled()];
    await api.post(PATH, { notifications: [one] }, underKey('orders-3'));
    const longer = await api.post<BatchDto>(PATH, { notifications: [one, two] }, underKey('orders-3'));
    expect([longer.body.accepted, longer.headers.get('idempotent-replayed')]).toEqual([2, null]);
    const other = await api.post<BatchDto>(PATH, { notifications: [one, one] }, underKey('orders-3'));
    expect(other.headers.get('idempotent-replayed')).toBeNull();
    expect(other.body).toMatchObject({
      accepted: 1,
      results: [{ index: 0 }, { error: { status: 422, instance: `${PATH}#/notifications/1` } }],
    });
  });

  it('needs a key that leaves room for the index', async () => {
    const { api } = service();
    const longest = 'k'.repeat(251);
    const notifications = [scheduled()];
    expect((await api.post(PATH, { notifications }, underKey(longest))).status).toBe(202);
    for (const key of [`${longest}k`, 'with space', '']) {
      const { status, body } = await api.post(PATH, { notifications }, underKey(key));
      expect([status, body['type']]).toEqual([400, 'urn:postrider:problem:idempotency-key-malformed']);
    }
    const tooLong = await api.post(PATH, { notifications }, underKey(`${longest}k`));
    expect(tooLong.body['detail']).toContain('at most 251 characters');
  });

  it('has the keys that REQUIRE_IDEMPOTENCY_KEY asks for', async () => {
    const strict = new ApiClient((await service().replica({ REQUIRE_IDEMPOTENCY_KEY: 'true' })).url, ADMIN_KEY);
    const batch = { notifications: [scheduled()] };
    const without = await strict.post<BatchDto>(PATH, batch);
    expect(without.body).toMatchObject({
      rejected: 1,
      results: [{ error: { status: 400, detail: expect.stringContaining('Idempotency-Key header') } }],
    });
    expect((await strict.post<BatchDto>(PATH, batch, underKey('orders-4'))).body).toMatchObject({ accepted: 1 });
  });
});

describe('more than can be stored', () => {
  it('is a 503 where nothing was accepted, and tells when to come again also where something was', async () => {
    const { api, database } = await startTestService({ ROLE: 'api' });
    // Nothing is stored while this lock is held: two groups of 500 are on their way, 10,000 wait, then one of these has
    // room for a part of it.
    const many = { notifications: Array.from({ length: 690 }, () => scheduled()) };
    await database.query('BEGIN; LOCK TABLE notifications IN EXCLUSIVE MODE');
    onTestFinished(async () => void (await database.query('ROLLBACK')));
    const waiting = Array.from({ length: 18 }, () => api.post<BatchDto>(PATH, many));
    const refused = await Promise.race(waiting);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(refused.body).toMatchObject({ type: 'urn:postrider:problem:overloaded', instance: PATH });
    await database.query('COMMIT');
    const answers = await Promise.all(waiting);
    const partial = answers.filter(({ status, body }) => status === 202 && body.rejected > 0);
    for (const answer of partial) {
      expect(answer.headers.get('retry-after')).toBe('1');
      expect(answer.body.results.find(({ error }) => error)?.error).toMatchObject({ status: 503 });
    }
    const whole = answers.filter(({ status, body }) => status === 202 && body.rejected === 0);
    expect(whole.map(({ headers }) => headers.get('retry-after'))).toEqual(whole.map(() => null));
    expect(partial.length).toBeGreaterThan(0);
  });
});
