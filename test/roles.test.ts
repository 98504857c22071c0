import { describe, expect, it, vi } from 'vitest';
import { Outbox } from '../src/outbox/outbox.js';
import { startTestService } from './support/service.js';

describe('roles', () => {
  it('api replicas accept, worker replicas send, and both share one database', async () => {
    const started = await startTestService({ ROLE: 'api' });
    const { api } = started;
    // Looks on; nothing is replaced.
    const claims = vi.spyOn(started.service.app.get(Outbox), 'claim');
    const waiting = await api.send({ to: '+15551230001', channels: ['sms'], body: 'Hello' });
    expect((await api.get(`/v1/notifications/${waiting}`)).body['status']).toBe('queued');
    const worker = await started.replica({ ROLE: 'worker' });
    await api.untilStatus(waiting, 'delivered');
    const next = await api.send({ to: '+15551230001', channels: ['sms'], body: 'Woken' });
    await api.untilStatus(next, 'delivered');
    expect(claims).not.toHaveBeenCalled();

    expect((await fetch(`${worker.url}/health/ready`)).status).toBe(200);
    for (const [method, path] of [
      ['POST', '/v1/notifications'],
      ['GET', '/'],
    ] as const) {
      const refused = await fetch(worker.url + path, { method });
      expect(refused.status).toBe(404);
      expect(await refused.json()).toMatchObject({ detail: expect.stringContaining('worker') });
    }
  });

  it('shows on /health how far dispatch is behind and whether the provider answers', async () => {
    const { api } = await startTestService();
    await api.untilStatus(await api.send({ to: '+15551230001', channels: ['sms'], body: 'Hello' }), 'delivered');
    // The receipt may be there before the attempt is over.
    await expect
      .poll(async () => (await api.get('/health')).body)
      .toMatchObject({
        status: 'ok',
        details: {
          database: { status: 'up' },
          dispatcher: { status: 'up', due: 0, inFlight: 0 },
          provider: { status: 'up', openCircuits: 0 },
        },
      });
  });
});
