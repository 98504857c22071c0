import { describe, expect, it, vi } from 'vitest';
import type { AlertDto } from '../src/alerts/alerts.dto.js';
import { alertsOf, registerOf, testAlarm } from './alerts.setup.js';
import { moveClock } from './support/clock.js';
import { eventually } from './support/eventually.js';
import { type ApiClient, Provider, startTestService } from './support/service.js';

const TO = '+15551230001';
const numbers = (count: number) => Array.from({ length: count }, (_, index) => `+1555123${1000 + index}`);

/** Sends one more that surely raises an alert: once that is there, whatever was to come before it is there as well. */
async function alertsAfterAnother(api: ApiClient, provider: Provider): Promise<AlertDto[]> {
  const [to = ''] = numbers(1);
  await provider.fail(to, { fault: { kind: 'status', status: 404 } });
  await api.untilStatus(await api.send({ to, channels: ['sms'], body: 'Hello' }), 'failed');
  return eventually(
    () => alertsOf(api),
    (seen) => seen.length > 0,
  );
}

describe('from a failure to its alert', () => {
  it('groups refused requests by status and code, with how many there were', async () => {
    const { api, simulator } = await startTestService();
    const provider = new Provider(simulator.url);
    for (const to of numbers(3)) await provider.fail(to, { fault: { kind: 'status', status: 400, code: 21602 } });
    await provider.fail(TO, { fault: { kind: 'status', status: 404 } });
    await Promise.all([...numbers(3), TO].map((to) => api.send({ to, channels: ['sms'], body: 'A secret 493021' })));

    const alerts = await eventually(
      () => alertsOf(api),
      (seen) => seen.length === 2 && seen.reduce((sum, { count }) => sum + count, 0) === 4,
    );
    expect(alerts.find(({ count }) => count === 3)).toMatchObject({
      state: 'open',
      kind: 'request_errors',
      severity: 'error',
      cause: 'request_errors:400:21602',
      facts: { errorClass: 'invalid_request', httpStatus: 400, providerCode: 21602, channel: 'sms' },
    });
    expect(alerts.find(({ count }) => count === 1)?.cause).toMatch(/^request_errors:404:/);
    expect(JSON.stringify(alerts)).not.toMatch(/493021|\+1555/);
  });

  it('tells of critical sends that used up their retries, and of nothing while they are retried', async () => {
    const { api, simulator } = await startTestService({ RETRY_MAX: '2' });
    await new Provider(simulator.url).fail(TO, {
      match: { resource: 'messages' },
      fault: { kind: 'status', status: 503 },
    });
    const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello', category: 'otp' });
    await api.untilStatus(id, 'failed');
    const alerts = await eventually(
      () => alertsOf(api),
      ({ length }) => length > 0,
    );
    expect(alerts).toMatchObject([{ kind: 'exhausted', severity: 'critical', count: 1, cause: 'exhausted:critical' }]);
  });

  it('says nothing of used-up retries where the caller wants a human to decide after the first', async () => {
    const { api, simulator } = await startTestService({ TWILIO_TIMEOUT_MS: '300' });
    const provider = new Provider(simulator.url);
    await provider.fail(TO, { match: { resource: 'messages' }, fault: { kind: 'no_answer' } });
    const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello', onUnknown: 'review' });
    const { deadLetter, deliveries } = await api.untilStatus(id, 'failed');
    expect(deadLetter?.reason).toContain('the caller wants a human to decide');
    expect(deliveries[0]?.attempts).toHaveLength(1);
    const alerts = await alertsAfterAnother(api, provider);
    expect(alerts.map(({ kind }) => kind)).toEqual(['request_errors']);
  });

  it('tells of what fails in a callback, long after it was accepted', async () => {
    const { api, simulator } = await startTestService();
    const fault = { kind: 'callback', status: 'undelivered', errorCode: 30007 };
    await new Provider(simulator.url).fail(TO, { fault });
    await api.untilStatus(await api.send({ to: TO, channels: ['sms'], body: 'Hello' }), 'failed');
    const [alert] = await eventually(
      () => alertsOf(api),
      ([first]) => first !== undefined,
    );
    expect(alert).toMatchObject({ kind: 'request_errors', severity: 'error', cause: 'request_errors:callback:30007' });
  });

  it('says nothing of recipients who cannot be reached or opted out', async () => {
    const { api, simulator } = await startTestService();
    const provider = new Provider(simulator.url);
    await provider.fail(TO, { fault: { kind: 'status', status: 400, code: 21610 } });
    await api.untilStatus(await api.send({ to: TO, channels: ['sms'], body: 'Hello' }), 'failed');
    const alerts = await alertsAfterAnother(api, provider);
    expect(alerts.map(({ facts }) => facts)).toMatchObject([{ httpStatus: 404 }]);
  });
});

describe('what failed is not forgotten', () => {
  it('while the database takes no alerts', async () => {
    const { api, simulator, database } = await startTestService();
    const provider = new Provider(simulator.url);
    for (const to of numbers(2)) await provider.fail(to, { fault: { kind: 'status', status: 404 } });
    await database.query('ALTER TABLE alerts RENAME TO alerts_away');
    for (const to of numbers(2)) {
      await api.untilStatus(await api.send({ to, channels: ['sms'], body: 'Hello' }), 'failed');
    }
    await database.query('ALTER TABLE alerts_away RENAME TO alerts');
    const [alert] = await eventually(
      () => alertsOf(api),
      ([first]) => first?.count === 2,
    );
    expect(alert).toMatchObject({ kind: 'request_errors', facts: { httpStatus: 404 } });
  });

  it('when the service stops before it could be written', async () => {
    const { api, simulator, database, service } = await startTestService();
    await new Provider(simulator.url).fail(TO, { fault: { kind: 'status', status: 404 } });
    await database.query('ALTER TABLE alerts RENAME TO alerts_away');
    // Looks on; nothing is replaced.
    const raised = vi.spyOn(registerOf(service), 'raise');
    await api.untilStatus(await api.send({ to: TO, channels: ['sms'], body: 'Hello' }), 'failed');
    await expect.poll(() => raised.mock.settledResults.map(({ type }) => type)).toContain('rejected');
    await database.query('ALTER TABLE alerts_away RENAME TO alerts');
    await service.close();
    const { rows } = await database.query('SELECT cause, count::int FROM alerts');
    expect(rows).toEqual([{ cause: expect.stringContaining('request_errors:404'), count: 1 }]);
  });
});

describe('one alert per cause', () => {
  it('opens one for refused credentials, however many sends and replicas meet it, and ends it with its circuit', async () => {
    const started = await startTestService();
    const { api, simulator } = started;
    await started.replica();
    const provider = new Provider(simulator.url);
    for (const to of numbers(12)) await provider.fail(to, { fault: { kind: 'status', status: 401, code: 20003 } });
    await Promise.all(numbers(12).map((to) => api.send({ to, channels: ['sms'], body: 'Hello' })));
    const [alert] = await eventually(
      () => alertsOf(api),
      ([first]) => (first?.count ?? 0) >= 12,
    );
    expect(alert).toMatchObject({ kind: 'authentication', severity: 'critical', state: 'open' });

    await provider.heal();
    const { items } = (await api.get<{ items: { id: string; scope: string }[] }>('/v1/admin/circuits?limit=100')).body;
    const account = items.find(({ scope }) => scope.startsWith('account:'));
    await api.post(`/v1/admin/circuits/${account?.id}/close`);
    await eventually(
      () => alertsOf(api),
      (seen) => seen.every(({ state }) => state === 'resolved'),
    );
    const alerts = await alertsOf(api);
    expect(alerts).toHaveLength(1);
    expect(alerts[0]?.ending).toContain('An operator closed the circuit');
  });

  it('opens one for an incident, counts what it holds, and ends with it', async () => {
    // More retries than pass before the incident is open, however busy the machine is.
    const env = { INCIDENT_THRESHOLD: '5', INCIDENT_PROBE_MS: '100', RETRY_MAX: '20' };
    const { api, simulator } = await startTestService(env);
    const provider = new Provider(simulator.url);
    for (const to of numbers(20))
      await provider.fail(to, { match: { resource: 'messages' }, fault: { kind: 'status', status: 503 } });
    const ids = await Promise.all(numbers(20).map((to) => api.send({ to, channels: ['sms'], body: 'Hello' })));
    await eventually(
      () => alertsOf(api, '&kind=incident&state=open'),
      ([alert]) => (alert?.count ?? 0) > 5,
    );
    await provider.heal();
    for (const id of ids) await api.untilStatus(id, 'delivered');
    const [over] = await eventually(
      () => alertsOf(api, '&kind=incident'),
      ([alert]) => alert?.state === 'resolved',
    );
    expect(over).toMatchObject({ severity: 'critical', ending: expect.stringContaining('The incident is over') });
    expect(await alertsOf(api, '&kind=incident')).toHaveLength(1);
  });

  it('stays one when replicas raise it at the same moment a hundred times', async () => {
    const started = await startTestService();
    const { api } = started;
    const registers = [registerOf(started.service), registerOf(await started.replica())];
    const raise = () => registers.map((register) => register.raise(testAlarm(), { count: { added: 2 } }));
    await Promise.all(Array.from({ length: 50 }, raise).flat());
    const alerts = await alertsOf(api);
    expect(alerts.map(({ count }) => count)).toEqual([200]);
  });

  it.each([
    ['when that is told first', ['cause', 'victim']],
    ['when it is told only after a victim', ['victim', 'cause']],
  ] as const)('is as bad as it was at its worst, and has the words and the end of its cause %s', async (_, order) => {
    const { api, service, databaseUrl } = await startTestService({ ROLE: 'api' });
    const register = registerOf(service);
    const words = { summary: 'The cause.', advice: 'End it.', facts: { scope: 'account' } };
    const alarms = {
      cause: testAlarm({ ...words, severity: 'critical', ends: 'with_its_cause' }),
      victim: testAlarm({ severity: 'warning', summary: 'A victim.', advice: 'Wait.', facts: { channel: 'sms' } }),
    };
    for (const who of order) await register.raise(alarms[who], { count: { added: 1 } });
    expect(await alertsOf(api)).toMatchObject([{ severity: 'critical', ...words, count: 2 }]);
    expect((await alertsOf(api))[0]?.facts).toEqual(words.facts);
    await moveClock(databaseUrl, 16 * 60_000);
    await register.resolveQuiet();
    expect(await alertsOf(api)).toMatchObject([{ state: 'open' }]);
  });
});

describe('the end of an alert', () => {
  it('comes after 15 quiet minutes where the cause has no end of its own; the next one is a new alert', async () => {
    const { api, service, databaseUrl } = await startTestService();
    const register = registerOf(service);
    await register.raise(testAlarm(), { count: { added: 1 } });
    await register.raise(testAlarm({ cause: 'sure:to:stay', ends: 'with_its_cause' }), { count: { added: 1 } });
    await moveClock(databaseUrl, 14 * 60_000);
    await register.raise(testAlarm(), { count: { added: 1 } });
    await moveClock(databaseUrl, 14 * 60_000);
    await register.resolveQuiet();
    expect((await alertsOf(api)).map(({ state }) => state)).toEqual(['open', 'open']);
    await moveClock(databaseUrl, 61_000);
    const ended = await eventually(
      () => alertsOf(api, '&state=resolved'),
      (seen) => seen.length > 0,
    );
    expect(ended).toMatchObject([
      { cause: testAlarm().cause, count: 2, ending: 'Nothing of the kind for 15 minutes.' },
    ]);
    await register.raise(testAlarm(), { count: { added: 1 } });
    expect((await alertsOf(api, '&state=open')).map(({ cause, count }) => [cause, count])).toContainEqual([
      testAlarm().cause,
      1,
    ]);
  });
});

describe('GET /v1/admin/alerts', () => {
  it('filters and pages, newest first', async () => {
    const { api, service } = await startTestService();
    const register = registerOf(service);
    for (const code of [1, 2, 3]) {
      await register.raise(testAlarm({ cause: `request_errors:400:${code}` }), { count: { added: code } });
    }
    await register.resolve('request_errors:400:2', 'Over.');
    expect((await alertsOf(api)).map(({ count }) => count)).toEqual([3, 2, 1]);
    expect((await alertsOf(api, '&state=open')).map(({ count }) => count)).toEqual([3, 1]);
    expect((await alertsOf(api, '&state=resolved')).map(({ count }) => count)).toEqual([2]);
    expect(await alertsOf(api, '&severity=critical')).toEqual([]);
    const first = (await api.get<{ items: AlertDto[]; nextCursor: string }>('/v1/admin/alerts?limit=2')).body;
    const second = (await api.get<{ items: AlertDto[] }>(`/v1/admin/alerts?limit=2&cursor=${first.nextCursor}`)).body;
    expect([...first.items, ...second.items].map(({ count }) => count)).toEqual([3, 2, 1]);
    const { body } = await api.get<AlertDto>(`/v1/admin/alerts/${first.items[0]?.id}`);
    expect(body).toMatchObject({ count: 3, summary: testAlarm().summary });
  });

  it('is for admins only, and knows what is wrong with a question', async () => {
    const { api } = await startTestService();
    expect((await api.as('nobody').get('/v1/admin/alerts')).status).toBe(401);
    expect((await api.get('/v1/admin/alerts?state=closed')).status).toBe(400);
    expect((await api.get('/v1/admin/alerts/0192c5b2-9a3e-7c41-8a53-6d1f5c1e7a10')).status).toBe(404);
  });
});
