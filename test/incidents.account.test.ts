import { describe, expect, it } from 'vitest';
import { CircuitBoard } from '../src/incidents/circuit.board.js';
import { Circuits } from '../src/incidents/circuits.js';
import type { Failure } from '../src/policy/failure.js';
import { alertsOf } from './alerts.setup.js';
import { ACCOUNT, expireNow, keeperHasLooked } from './incidents.setup.js';
import { moveClock } from './support/clock.js';
import { eventually } from './support/eventually.js';
import { failureOfClass } from './support/failure.js';
import { handsOn } from './support/operator.js';
import { partOf } from './support/part-of.js';
import { ADMIN_KEY, ApiClient, creations, startTestService } from './support/service.js';
import { workOf } from './support/work.js';

const sms = (number: number) => ({ to: `+155512300${10 + number}`, channels: ['sms'], body: 'Hello' });
const WRONG_KEY = { TWILIO_API_KEY_SID: `SK${'0'.repeat(32)}`, TWILIO_API_KEY_SECRET: 'wrong' };
const UNAUTHORISED = { fault: { kind: 'status', status: 401, code: 20003 } };

describe('refused credentials', () => {
  it('stop this replica before the failure is decided on, and the other one within a second', async () => {
    const test = await startTestService();
    const other = await test.replica();
    const [here, there] = [partOf(test.service, Circuits), partOf(other, Circuits)];
    const departure = { channel: 'voice', sender: '+15005550006', probe: false } as const;
    expect(here.blocking(departure)).toBeNull();

    const tookMs: number[] = [];
    // Beside whatever else the machine does, one of them reaches the other replica in time.
    while (tookMs.length < 5 && Math.min(...tookMs) >= 1000) {
      const holding = here.onFailure(workOf({ attemptStartedAt: new Date() }), unauthorised());
      expect(holding).toMatchObject({ cause: 'authentication', incidentId: null });
      expect(here.blocking(departure)).toEqual(holding);
      const since = performance.now();
      await eventually(
        () => there.blocking(departure),
        (blocking) => blocking?.holdId === holding?.holdId,
      );
      tookMs.push(performance.now() - since);
      await handsOn(test).operator.close(ACCOUNT);
      await eventually(
        () => [here, there].map((replica) => replica.blocking(departure)),
        (blocking) => blocking.every((circuit) => circuit === null),
      );
    }
    expect(Math.min(...tookMs)).toBeLessThan(1000);
  });

  it('hold everything, and an operator who closes the circuit lets it out', async () => {
    const test = await startTestService();
    const { operator, provider } = handsOn(test);
    const other = await test.replica();
    await provider.fail('*', UNAUTHORISED);
    const ids = [await test.api.send(sms(0))];
    const { id, openedAt } = await operator.untilCircuit(ACCOUNT, 'open');
    expect(openedAt).not.toBeNull();
    await eventually(
      () => partOf(other, Circuits).blocking({ channel: 'sms', sender: '+15005550006', probe: false }),
      (blocking) => blocking !== null,
    );
    ids.push(...(await Promise.all([1, 2, 3, 4, 5].map((number) => test.api.send(sms(number))))));
    await eventually(
      () => operator.circuit(ACCOUNT),
      ({ heldCount }) => heldCount === 6,
    );
    await provider.heal();
    const requests = await creations(test.simulator.url);
    await keeperHasLooked(test.service);
    expect((await operator.circuit(ACCOUNT)).heldCount).toBe(6);
    expect(await creations(test.simulator.url)).toEqual(requests);
    const waiting = await test.api.get<{ status: string; deadLetter: unknown }>(`/v1/notifications/${ids[0]}`);
    expect(waiting.body).toMatchObject({ status: 'queued', deadLetter: null });

    const closed = await test.api.post(`/v1/admin/circuits/${id}/close`, { note: 'a new token is set' });
    expect(closed).toMatchObject({ status: 200, body: { id, state: 'closed', reason: null, openedAt: null } });
    for (const notification of ids) await test.api.untilStatus(notification, 'sent', 'delivered');
    await eventually(
      () => operator.circuit(ACCOUNT),
      ({ heldCount }) => heldCount === 0,
    );
    const { body } = await test.api.get<{ items: object[] }>(`/v1/admin/audit?subjectType=circuit&subjectId=${id}`);
    expect(body.items).toMatchObject([
      {
        actor: 'admin/ADMIN_API_KEY',
        action: 'circuit.closed',
        before: { scope: ACCOUNT, state: 'open', cause: 'authentication' },
        after: { scope: ACCOUNT, state: 'closed' },
        note: 'a new token is set',
      },
    ]);
  });

  it('are forgotten once a replica with other credentials gets a probe through', async () => {
    const test = await startTestService(WRONG_KEY);
    const { operator } = handsOn(test);
    const ids = await Promise.all([1, 2, 3].map((number) => test.api.send(sms(number))));
    await eventually(
      () => operator.circuit(ACCOUNT),
      ({ state, heldCount }) => state === 'open' && heldCount === 3,
    );
    expect(await operator.circuit(ACCOUNT)).toMatchObject({ cause: 'authentication', nextProbeAt: null });
    await test.service.close();

    const right = await test.replica({ TWILIO_API_KEY_SID: '', TWILIO_API_KEY_SECRET: '' });
    const api = new ApiClient(right.url, ADMIN_KEY);
    for (const id of ids) await api.untilStatus(id, 'sent', 'delivered');
    const { rows } = await test.database.query(`SELECT state FROM circuits WHERE scope = $1`, [ACCOUNT]);
    expect(['half_open', 'closed']).toContain(rows[0]?.state);
  });
});

describe('a replica that sends nothing', () => {
  it('does not have refused credentials tried again because its own are others', async () => {
    const test = await startTestService({ ROLE: 'api' });
    const refused = await test.replica({ ...WRONG_KEY, ROLE: 'worker' });
    const id = await test.api.send(sms(1));
    // What it reads and what it makes of that are one step.
    const known = await eventually(
      () => partOf(test.service, CircuitBoard).get(ACCOUNT),
      ({ state }) => state !== 'closed',
    );
    expect(known).toMatchObject({ state: 'open', cause: 'authentication', nextProbeAt: null });
    await refused.close();
    await test.replica({ ROLE: 'worker' });
    await test.api.untilStatus(id, 'sent', 'delivered');
  });

  it('does not take its own credentials for those of which a callback says that they are refused', async () => {
    const test = await startTestService({ ROLE: 'api' });
    partOf(test.service, Circuits).onReported(
      { channel: 'sms', sender: '+15005550006', attemptStartedAt: new Date() },
      { errorClass: 'authentication', scope: 'account', rule: 'Twilio code 20005' },
      20005,
    );
    expect(partOf(test.service, CircuitBoard).get(ACCOUNT)).toMatchObject({ state: 'open', cause: 'authentication' });
    const id = await test.api.send(sms(1));
    await test.replica({ ROLE: 'worker' });
    await test.api.untilStatus(id, 'sent', 'delivered');
  });
});

describe('a wrong account', () => {
  const WRONG = { TWILIO_ACCOUNT_SID: `AC${'f'.repeat(32)}` };
  const WELL = { alert: 'authentication', health: 200 };
  const wrongAccount = `account:${WRONG.TWILIO_ACCOUNT_SID}`;

  it('holds nothing any more once the right one is set: it goes out there, and the alert and /health follow', async () => {
    const test = await startTestService(WRONG);
    const { operator } = handsOn(test);
    const ids = await Promise.all([1, 2, 3].map((number) => test.api.send(sms(number))));
    await eventually(
      () => operator.circuit(wrongAccount),
      ({ state, heldCount }) => state === 'open' && heldCount === 3,
    );
    await test.service.close();

    const right = await test.replica({ TWILIO_ACCOUNT_SID: ACCOUNT.replace('account:', '') });
    const api = new ApiClient(right.url, ADMIN_KEY);
    for (const id of ids) await api.untilStatus(id, 'sent', 'delivered');
    expect(await untilWell(right.url, api)).toEqual(WELL);
  });

  it('is forgotten once the right one is set, also where nothing waits any more', async () => {
    const test = await startTestService(WRONG);
    const { operator } = handsOn(test);
    const id = await test.api.send(sms(1));
    await eventually(
      () => operator.circuit(wrongAccount),
      ({ state, heldCount }) => state === 'open' && heldCount === 1,
    );
    await expireNow(test.database, id);
    await test.api.untilStatus(id, 'expired');
    await test.service.close();

    const right = await test.replica({ TWILIO_ACCOUNT_SID: ACCOUNT.replace('account:', '') });
    expect(await untilWell(right.url, new ApiClient(right.url, ADMIN_KEY))).toEqual(WELL);
  });

  async function untilWell(url: string, api: ApiClient): Promise<{ alert: string | undefined; health: number }> {
    const [alert] = await eventually(
      () => alertsOf(api),
      ([newest]) => newest?.state === 'resolved',
    );
    const { status } = await eventually(
      () => fetch(`${url}/health`),
      (health) => health.ok,
    );
    return { alert: alert?.kind, health: status };
  }
});

describe('a quota that is used up', () => {
  it('is tried again after an hour where it is counted by the hour', async () => {
    const test = await startTestService();
    const { operator, provider } = handsOn(test);
    await provider.fail('*', { times: 1, fault: { kind: 'status', status: 429, code: 60728 } });
    const id = await test.api.send({ ...sms(1), category: 'otp' });
    const open = await operator.untilCircuit(ACCOUNT, 'open');
    expect(open.cause).toBe('quota');
    expect(Date.parse(open.nextProbeAt ?? '') - Date.parse(open.openedAt ?? '')).toBe(3_600_000);
    await moveClock(test.databaseUrl, 3_600_000);
    await test.api.untilStatus(id, 'sent', 'delivered');
    await operator.untilCircuit(ACCOUNT, 'closed');
  });

  it('holds the account until Retry-After has passed, then tries one', async () => {
    const test = await startTestService();
    const { operator, provider } = handsOn(test);
    await provider.fail('*', { fault: { kind: 'status', status: 429, code: 63038, retryAfter: 3600 } });
    const first = await test.api.send(sms(1));
    const open = await operator.untilCircuit(ACCOUNT, 'open');
    expect(open.cause).toBe('quota');
    expect(Date.parse(open.nextProbeAt ?? '') - Date.parse(open.openedAt ?? '')).toBe(3_600_000);
    const second = await test.api.send({ ...sms(2), channels: ['voice'] });
    await eventually(
      () => operator.circuit(ACCOUNT),
      ({ heldCount }) => heldCount === 2,
    );
    await provider.heal();
    const requests = (await creations(test.simulator.url)).length;
    await moveClock(test.databaseUrl, 3_590_000);
    await keeperHasLooked(test.service);
    expect((await operator.circuit(ACCOUNT)).heldCount).toBe(2);
    expect(await creations(test.simulator.url)).toHaveLength(requests);
    await moveClock(test.databaseUrl, 60_000);
    await test.api.untilStatus(first, 'sent', 'delivered');
    await test.api.untilStatus(second, 'sent', 'delivered');
    await operator.untilCircuit(ACCOUNT, 'closed');
  });

  it('is tried again after a day also where Retry-After is a moment instead of seconds', async () => {
    const test = await startTestService();
    const { operator, provider } = handsOn(test);
    await provider.fail('*', { fault: { kind: 'status', status: 429, code: 63038, retryAfter: 1_764_400_000 } });
    await test.api.send(sms(1));
    const open = await operator.untilCircuit(ACCOUNT, 'open');
    expect(Date.parse(open.nextProbeAt ?? '') - Date.parse(open.openedAt ?? '')).toBe(24 * 3_600_000);
  });
});

function unauthorised(): Failure {
  return failureOfClass(
    'authentication',
    { httpStatus: 401, providerCode: 20003, providerMessage: 'Authenticate' },
    { scope: 'account', rule: 'Twilio code 20003' },
  );
}
