import { expect, it } from 'vitest';
import { startTestService } from './support/service.js';

const LISTS = [
  '/v1/notifications',
  '/v1/admin/alerts',
  '/v1/admin/api-keys',
  '/v1/admin/audit',
  '/v1/admin/circuits',
  '/v1/admin/dead-letters',
  '/v1/admin/errors',
  '/v1/admin/failures',
  '/v1/admin/incidents',
  '/v1/admin/suppressions',
];

it('takes a cursor only for the list that gave it out', async () => {
  const { api } = await startTestService();
  for (const to of ['+15551230001', '+15551230002']) await api.send({ to, channels: ['sms'], body: 'Hello' });
  for (const name of ['one', 'two']) await api.post('/v1/admin/api-keys', { name, scopes: ['read'] });
  for (const giver of ['/v1/notifications', '/v1/admin/api-keys', '/v1/admin/audit', '/v1/admin/errors']) {
    const { body } = await api.get<{ nextCursor: string | null }>(`${giver}?limit=1`);
    expect(body.nextCursor, giver).toEqual(expect.any(String));
    for (const list of LISTS) {
      const answer = await api.get<{ errors?: object[] }>(`${list}?limit=1&cursor=${body.nextCursor}`);
      const refused = [400, [{ pointer: '/cursor', detail: 'must be the nextCursor of a page before' }]];
      expect([answer.status, answer.body.errors], `${list} with a cursor of ${giver}`).toEqual(
        list === giver ? [200, undefined] : refused,
      );
    }
  }
});
