import { describe, expect, it } from 'vitest';
import { AlertCollector } from '../src/alerts/alert.collector.js';
import { ADVISORY_LOCK } from '../src/database/advisory-locks.js';
import { Journal } from '../src/dispatch/journal.js';
import { alertsOf, registerOf, testAlarm } from './alerts.setup.js';
import { eventually } from './support/eventually.js';
import { partOf } from './support/part-of.js';
import { Provider, startTestService } from './support/service.js';
import { startTransaction } from './support/transactions.js';

describe('sends that a circuit holds', () => {
  it('count for the reason it holds them for, and keep no other alert about it open', async () => {
    const { api, service, database } = await startTestService();
    const register = registerOf(service);
    const { rows } = await database.query<{ id: string }>(
      `UPDATE circuits SET state = 'open', cause = 'sender_unavailable', reason = 'locked', opened_at = service_now()
       WHERE scope = 'sender:+15005550006' RETURNING id`,
    );
    const subjectId = rows[0]?.id ?? '';
    for (const kind of ['rate_limit', 'sender_unavailable'] as const) {
      await register.raise(testAlarm({ cause: `${kind}:${subjectId}`, kind, subjectId }), { count: { added: 1 } });
    }
    await register.addHeld(subjectId, 3);
    const counts = async () => (await alertsOf(api)).map(({ kind, count }) => [kind, count]);
    expect(await counts()).toEqual([
      ['sender_unavailable', 4],
      ['rate_limit', 1],
    ]);
    await database.query(`UPDATE circuits SET cause = 'operator' WHERE id = $1`, [subjectId]);
    await register.addHeld(subjectId, 3);
    expect((await counts())[1]).toEqual(['rate_limit', 1]);
    expect((await counts())[0]).toEqual(['sender_unavailable', 4]);
  });

  it('count, too, where they are held before the circuit is open in the database', async () => {
    const { api, databaseUrl, service, simulator } = await startTestService();
    const provider = new Provider(simulator.url);
    const numbers = [1, 2, 3].map((number) => `+1555123000${number}`);
    for (const to of numbers) await provider.fail(to, { fault: { kind: 'status', status: 401, code: 20003 } });
    const other = await startTransaction(databaseUrl);
    await other.query('SELECT pg_advisory_xact_lock($1)', [ADVISORY_LOCK.circuits]);
    let heard = 0;
    partOf(service, Journal).subscribe({ onUnsuccessful: () => (heard += 1) });
    await Promise.all(numbers.map((to) => api.send({ to, channels: ['sms'], body: 'Hello' })));
    await expect.poll(() => heard).toBe(numbers.length);
    // What it does after a quarter of a second, in any case.
    await partOf(service, AlertCollector)['write']();
    await other.query('COMMIT');
    const [alert] = await eventually(
      () => alertsOf(api),
      ([counted]) => counted?.count === numbers.length,
    );
    expect(alert?.kind).toBe('authentication');
  });
});
