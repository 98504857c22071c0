import { expect, it } from 'vitest';
import { bury, startRefusing } from './dead-letters.setup.js';
import { findUndocumented } from './support/openapi.js';
import { startTestService } from './support/service.js';

/** It does not describe itself, as the tests' client would want. */
async function documentOf<Document>(url: string): Promise<Document> {
  return (await (await fetch(`${url}/openapi.json`)).json()) as Document;
}

it('the OpenAPI document holds every route with its statuses and problems', async () => {
  const { service, url } = await startTestService();
  expect(await findUndocumented(service.app)).toEqual([]);
  const body = await documentOf<{ openapi: string; paths: object; components: { securitySchemes: object } }>(url);
  expect(body.openapi).toMatch(/^3\.1\./);
  expect(body.components.securitySchemes).toEqual({
    apiKey: { type: 'http', scheme: 'bearer', description: expect.any(String) },
    twilioSignature: { type: 'apiKey', in: 'header', name: 'X-Twilio-Signature', description: expect.any(String) },
  });
  expect(Object.keys(body.paths)).toEqual(
    expect.arrayContaining([
      '/v1/notifications',
      '/v1/notifications/batch',
      '/v1/notifications/{id}',
      '/v1/notifications/{id}/explain',
      '/v1/notifications/{id}/cancel',
      '/v1/admin/failures',
      '/v1/admin/failures/summary',
      '/v1/admin/dead-letters',
      '/v1/admin/dead-letters/{id}',
      '/v1/admin/dead-letters/{id}/retry',
      '/v1/admin/dead-letters/{id}/fallback',
      '/v1/admin/dead-letters/{id}/discard',
      '/v1/admin/dead-letters/replays',
      '/v1/admin/dead-letters/replays/{id}',
      '/v1/admin/dead-letters/replays/{id}/cancel',
      '/v1/admin/circuits',
      '/v1/admin/circuits/{id}/open',
      '/v1/admin/circuits/{id}/close',
      '/v1/admin/incidents',
      '/v1/admin/incidents/{id}',
      '/v1/admin/errors',
      '/v1/admin/api-keys',
      '/v1/admin/api-keys/{id}',
      '/v1/admin/audit',
      '/callbacks/twilio/message/{attemptId}',
      '/callbacks/twilio/call/{attemptId}',
      '/health/live',
      '/health/ready',
      '/health',
      '/metrics',
    ]),
  );
});

it('the OpenAPI document holds every member of the problems that say more than usual', async () => {
  const test = await startRefusing();
  const { api, url } = test;
  const body = await documentOf<{ components: { schemas: { Problem: { properties: object } } } }>(url);
  const documented = Object.keys(body.components.schemas.Problem.properties);
  const sender = await api.post<{ secret: string }>('/v1/admin/api-keys', { name: 'sender', scopes: ['send'] });
  const discard = `/v1/admin/dead-letters/${(await bury(test)).id}/discard`;
  expect((await api.post(discard)).status).toBe(200);
  const missingScope = await api.as(sender.body.secret).get('/v1/admin/audit');
  const alreadyResolved = await api.post(discard);
  expect(missingScope.body).toMatchObject({ type: 'urn:postrider:problem:missing-scope', scope: 'admin' });
  expect(alreadyResolved.body).toMatchObject({
    type: 'urn:postrider:problem:already-resolved',
    resolution: 'discarded',
    resolvedAt: expect.any(String),
    resolvedBy: 'admin/ADMIN_API_KEY',
  });
  for (const problem of [missingScope, alreadyResolved]) {
    expect(documented).toEqual(expect.arrayContaining(Object.keys(problem.body)));
  }
});
