import { readFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { Database } from '../src/database/database.js';
import { READINGS } from '../src/metrics/readings.sql.js';
import { registerOf, testAlarm } from './alerts.setup.js';
import { scrape, valueOf } from './metrics.setup.js';
import { sidOf, startOutbox } from './outbox.setup.js';
import { moveClock } from './support/clock.js';
import { eventually } from './support/eventually.js';
import { partOf } from './support/part-of.js';
import { Provider, startTestService } from './support/service.js';
import { TwilioCallback } from './support/twilio-callback.js';

const TO = '+15551230001';

describe('GET /metrics', () => {
  it('needs no key and names nobody', async () => {
    const { api, url, simulator } = await startTestService();
    await api.untilStatus(await api.send({ to: TO, channels: ['sms'], body: 'Hello' }), 'delivered');
    await new Provider(simulator.url).fail(TO, { fault: { kind: 'status', status: 401, code: 20003 } });
    await api.send({ to: TO, channels: ['sms'], body: 'Hello' });
    const page = await eventually(
      () => scrape(url),
      (seen) => valueOf(seen, 'postrider_attempts_total', { error_class: 'authentication' }) === 1,
    );
    expect(valueOf(page, 'nodejs_eventloop_lag_seconds')).toBeGreaterThanOrEqual(0);
    expect(page).toMatch(/^postrider_database_pool_connections\{state="idle"\} \d+$/m);
    expect(page).not.toMatch(/\+?1555123|[0-9a-f]{8}-[0-9a-f]{4}-|AC[0-9a-f]{32}/);
  });

  it('knows from the start what nothing was counted of yet', async () => {
    const { url } = await startTestService();
    const page = await scrape(url);
    for (const labels of ['outcome="accepted",error_class="none"', 'outcome="rejected",error_class="authentication"']) {
      expect(page).toContain(`postrider_attempts_total{channel="voice",${labels}} 0`);
    }
    expect(page).toMatch(/^postrider_log_lines_dropped_total 0$/m);
    expect(page).toMatch(/^postrider_replica_info\{role="all"\} 1$/m);
  });

  it('follows a notification from the 202 to the recipient', async () => {
    const { api, url } = await startTestService();
    const started = performance.now();
    for (let sent = 0; sent < 3; sent += 1) {
      const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello', category: 'otp' });
      await api.untilAnswered(id, 'delivered');
    }
    const took = (performance.now() - started) / 1000;
    // What an answer or a callback changes is seen before it is counted.
    const page = await eventually(
      () => scrape(url),
      (seen) =>
        valueOf(seen, 'postrider_attempts_total') === 3 &&
        valueOf(seen, 'postrider_callbacks_total', { result: 'delivered' }) === 3,
    );
    const labels = { category: 'otp', channel: 'sms' };
    expect(valueOf(page, 'postrider_notifications_accepted_total', labels)).toBe(3);
    expect(valueOf(page, 'postrider_attempts_total', { outcome: 'accepted', channel: 'sms' })).toBe(3);
    expect(valueOf(page, 'postrider_provider_request_seconds_count', { outcome: 'accepted' })).toBe(3);
    for (const metric of ['postrider_accept_to_sent_seconds', 'postrider_accept_to_delivered_seconds']) {
      expect(valueOf(page, `${metric}_count`, labels)).toBe(3);
      expect(valueOf(page, `${metric}_sum`, labels)).toBeGreaterThan(0);
      expect(valueOf(page, `${metric}_sum`, labels)).toBeLessThan(took);
    }
  });

  it('tells callbacks that delivered from those that were on the way', async () => {
    const test = await startOutbox();
    const work = await test.lease({ channels: ['sms'] });
    await test.accept(work);
    const twilio = new TwilioCallback(test);
    const told = async (status: string) => {
      await twilio.message(work.attemptId, sidOf(work), status);
      const page = await scrape(test.url);
      return ['recorded', 'delivered'].map((result) => valueOf(page, 'postrider_callbacks_total', { result }));
    };
    expect(await told('sent')).toEqual([1, 0]);
    expect(await told('delivered')).toEqual([1, 1]);
    expect(await told('read')).toEqual([2, 1]);
  });

  it('does not count a replayed request as another notification', async () => {
    const { api, url } = await startTestService();
    const body = { to: TO, channels: ['sms'], body: 'Hello' };
    await api.send(body, 'order-17');
    await api.send(body, 'order-17');
    expect(valueOf(await scrape(url), 'postrider_notifications_accepted_total')).toBe(1);
  });

  it('tells unknown outcomes, what asking showed, possible duplicates and dead letters apart', async () => {
    const { api, url, simulator } = await startTestService({ RETRY_MAX: '2' });
    const provider = new Provider(simulator.url);
    await provider.fail(TO, { match: { resource: 'messages' }, fault: { kind: 'status', status: 500 } });
    await api.untilStatus(await api.send({ to: TO, channels: ['sms'], body: 'Hello' }), 'failed');
    await provider.fail(TO, { fault: { kind: 'status', status: 400, code: 99999 } });
    await api.untilStatus(await api.send({ to: TO, channels: ['sms'], body: 'Hello' }), 'failed');
    // It is seen before it is counted.
    const page = await eventually(
      () => scrape(url),
      (seen) => valueOf(seen, 'postrider_dead_letters_total') === 2,
    );
    expect(valueOf(page, 'postrider_attempts_total', { outcome: 'unknown', error_class: 'provider_fault' })).toBe(3);
    expect(valueOf(page, 'postrider_reconciliations_total', { result: 'absent' })).toBe(3);
    expect(valueOf(page, 'postrider_possible_duplicates_total')).toBe(2);
    expect(valueOf(page, 'postrider_dead_letters_total', { error_class: 'provider_fault' })).toBe(1);
    expect(valueOf(page, 'postrider_dead_letters_total', { error_class: 'invalid_request' })).toBe(1);
    expect(valueOf(page, 'postrider_unknown_provider_codes_total')).toBe(1);
    expect(valueOf(page, 'postrider_dead_letters_open')).toBe(2);
  });

  it('counts a dead letter by the class that the review queue shows, also where nothing failed at the provider', async () => {
    const service = await startTestService({ ROLE: 'api' });
    const { api, database } = service;
    const id = await api.send({ to: TO, channels: ['sms'], body: 'Hello' });
    await database.query('UPDATE notifications SET content = NULL WHERE id = $1', [id]);
    const worker = await service.replica({ ROLE: 'worker' });
    const { deadLetter } = await api.untilStatus(id, 'failed');
    expect(deadLetter?.errorClass).toBe('invalid_request');
    const page = await eventually(
      () => scrape(worker.url),
      (seen) => valueOf(seen, 'postrider_dead_letters_total') === 1,
    );
    expect(valueOf(page, 'postrider_dead_letters_total', { error_class: 'invalid_request' })).toBe(1);
  });

  it('shows what waits, for how long, and what is open, on a replica that sends nothing itself', async () => {
    const { api, url, databaseUrl, service } = await startTestService({ ROLE: 'api' });
    await api.send({ to: TO, channels: ['sms'], body: 'Hello', category: 'otp' });
    await api.send({
      to: TO,
      channels: ['sms'],
      body: 'Hello',
      category: 'marketing',
      sendAt: new Date(Date.now() + 3_600_000).toISOString(),
    });
    await registerOf(service).raise(testAlarm(), { count: { added: 1 } });
    await moveClock(databaseUrl, 60_000);
    const page = await scrape(url);
    expect(valueOf(page, 'postrider_queue_depth', { category: 'otp' })).toBe(1);
    expect(valueOf(page, 'postrider_queue_depth', { category: 'marketing' })).toBe(0);
    expect(valueOf(page, 'postrider_queue_oldest_due_seconds', { category: 'otp' })).toBeGreaterThanOrEqual(60);
    expect(valueOf(page, 'postrider_alerts_open', { severity: 'error' })).toBe(1);
    expect(valueOf(page, 'postrider_incidents_open')).toBe(0);
  });

  it('shows open circuits and what they hold', async () => {
    const { api, url, simulator } = await startTestService();
    await new Provider(simulator.url).fail(TO, { fault: { kind: 'status', status: 401, code: 20003 } });
    await api.send({ to: TO, channels: ['sms'], body: 'Hello' });
    await eventually(
      async () => (await api.get<{ items: { state: string; heldCount: number }[] }>('/v1/admin/circuits')).body.items,
      (circuits) => circuits.some(({ state, heldCount }) => state === 'open' && heldCount === 1),
    );
    const page = await scrape(url);
    expect(valueOf(page, 'postrider_circuits_open', { scope: 'account', cause: 'authentication' })).toBe(1);
    expect(valueOf(page, 'postrider_queue_held')).toBe(1);
  });

  it('counts leases that expired', async () => {
    const { api, url, databaseUrl, simulator } = await startTestService({ TWILIO_TIMEOUT_MS: '3000' });
    await new Provider(simulator.url).fail(TO, { times: 1, fault: { kind: 'no_answer' } });
    await api.untilStatus(await api.send({ to: TO, channels: ['sms'], body: 'Hello' }), 'sending');
    await moveClock(databaseUrl, 60_000);
    const page = await eventually(
      () => scrape(url),
      (seen) => valueOf(seen, 'postrider_lease_rescues_total') > 0,
    );
    expect(valueOf(page, 'postrider_lease_rescues_total')).toBe(1);
  });

  it('asks the database once in five seconds, however often it is scraped', async () => {
    const { url, service } = await startTestService();
    const alerts = async () => valueOf(await scrape(url), 'postrider_alerts_open');
    // Looks on; nothing is replaced.
    const runs = vi.spyOn(partOf(service, Database), 'run');
    const since = performance.now();
    expect(await alerts()).toBe(0);
    await registerOf(service).raise(testAlarm(), { count: { added: 1 } });
    for (let scrapes = 0; scrapes < 20; scrapes += 1) await alerts();
    const asked = runs.mock.calls.filter(([{ name }]) => name === READINGS.name).length;
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThanOrEqual(1 + (performance.now() - since) / 5000);
    await eventually(alerts, (open) => open === 1);
  });

  it('asks the database one thing at a time, however many scrape', async () => {
    const { url, database } = await startTestService();
    await database.query('BEGIN; LOCK TABLE dead_letters IN ACCESS EXCLUSIVE MODE');
    await Promise.all(Array.from({ length: 20 }, () => scrape(url)));
    const { rows } = await database.query(
      `SELECT query FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%"deadLetters"%'
       AND pid <> pg_backend_pid()`,
    );
    await database.query('ROLLBACK');
    expect(rows).toHaveLength(1);
  });

  it('gives the rest of the page while the database is away, and says so', async () => {
    const { url, database } = await startTestService();
    expect(await scrape(url)).toContain('postrider_queue_depth');
    await database.query('ALTER TABLE dead_letters RENAME TO dead_letters_away');
    const page = await eventually(
      () => scrape(url),
      (seen) => valueOf(seen, 'postrider_scrape_errors_total') > 0,
    );
    expect(page).not.toContain('postrider_queue_depth');
    expect(page).toContain('process_cpu_seconds_total');
  });

  it('does not wait for a database that hangs', async () => {
    const { url, database } = await startTestService();
    await database.query('BEGIN; LOCK TABLE dead_letters IN ACCESS EXCLUSIVE MODE');
    const since = performance.now();
    const page = await scrape(url);
    expect(performance.now() - since).toBeLessThan(10_000);
    expect(valueOf(page, 'postrider_scrape_errors_total')).toBeGreaterThan(0);
    await database.query('ROLLBACK');
  });

  it('belongs to one application, where a process holds several', async () => {
    const started = await startTestService();
    const other = await started.replica();
    await started.api.send({ to: TO, channels: ['sms'], body: 'Hello' });
    expect(valueOf(await scrape(started.url), 'postrider_notifications_accepted_total')).toBe(1);
    expect(valueOf(await scrape(other.url), 'postrider_notifications_accepted_total')).toBe(0);
  });
});

describe('docs/operations/prometheus-rules.yml', () => {
  const FILE = 'docs/operations/prometheus-rules.yml';

  it('only asks for metrics that there are', async () => {
    const { url } = await startTestService();
    const page = await scrape(url);
    const asked = new Set((await readFile(FILE, 'utf8')).match(/postrider_[a-z_]+/g));
    const missing = [...asked].filter((name) => !page.includes(`# HELP ${name.replace(/_(?:bucket|count)$/, '')} `));
    expect(missing).toEqual([]);
  });
});
