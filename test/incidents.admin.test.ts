import { setTimeout as sleep } from 'node:timers/promises';
import { version } from 'uuid';
import { describe, expect, it } from 'vitest';
import { Database } from '../src/database/database.js';
import { Circuits } from '../src/incidents/circuits.js';
import type { CircuitDto } from '../src/incidents/circuits.dto.js';
import type { IncidentDetailsDto, IncidentDto } from '../src/incidents/incidents.dto.js';
import { IncidentTimeline } from '../src/incidents/incident.timeline.js';
import { ProviderHealth } from '../src/incidents/provider.health.js';
import { ACCOUNT, keeperHasLooked } from './incidents.setup.js';
import { eventually } from './support/eventually.js';
import { handsOn } from './support/operator.js';
import { partOf } from './support/part-of.js';
import { creations, startTestService } from './support/service.js';

const hello = { to: '+15551230001', channels: ['voice'], body: 'Hello' };
const byVoice = { channel: 'voice', sender: '+15005550006', probe: false } as const;

describe('circuits', () => {
  it('are all known from the start, a page at a time', async () => {
    const { api } = await startTestService();
    const first = await api.get<{ items: CircuitDto[]; nextCursor: string }>('/v1/admin/circuits?limit=4');
    const rest = await api.get<{ items: CircuitDto[]; nextCursor: null }>(
      `/v1/admin/circuits?limit=4&cursor=${first.body.nextCursor}`,
    );
    expect(rest.body.nextCursor).toBeNull();
    const all = [...first.body.items, ...rest.body.items];
    expect(all.map(({ scope }) => scope)).toEqual([
      ACCOUNT,
      'resource:sms',
      'resource:voice',
      'resource:whatsapp',
      'sender:+15005550006',
      'sender:voice:+15005550006',
      'sender:whatsapp:+14155238886',
    ]);
    for (const circuit of all) {
      expect(circuit).toMatchObject({ state: 'closed', cause: null, reason: null, openedAt: null, heldCount: 0 });
      expect(version(circuit.id)).toBe(7);
    }
  });

  it('can be opened by an operator, on every replica, and close only by one', async () => {
    const test = await startTestService();
    const other = await test.replica();
    const { operator } = handsOn(test);
    const { id } = await operator.circuit('resource:voice');
    const opened = await test.api.post(`/v1/admin/circuits/${id}/open`, { reason: 'a bad script went out' });
    expect(opened).toMatchObject({
      status: 200,
      body: { id, state: 'open', cause: 'operator', reason: 'a bad script went out', nextProbeAt: null },
    });
    await eventually(
      () => partOf(other, Circuits).blocking(byVoice),
      (blocking) => blocking?.cause === 'operator',
    );
    const notification = await test.api.send(hello);
    await eventually(
      () => operator.circuit('resource:voice'),
      ({ heldCount }) => heldCount === 1,
    );
    await keeperHasLooked(test.service);
    expect((await operator.circuit('resource:voice')).heldCount).toBe(1);
    expect(await creations(test.simulator.url)).toEqual([]);

    expect(await operator.close('resource:voice')).toMatchObject({ id, state: 'closed', cause: null });
    await test.api.untilStatus(notification, 'delivered');
    const { body } = await test.api.get<{ items: object[] }>(`/v1/admin/audit?subjectId=${id}`);
    expect(body.items).toMatchObject([
      { action: 'circuit.closed', before: { state: 'open', cause: 'operator' }, after: { state: 'closed' } },
      {
        action: 'circuit.opened',
        before: { state: 'closed' },
        after: { state: 'open' },
        note: 'a bad script went out',
      },
    ]);
  });

  it('keep a note in the audit log when they are opened, as they do when they are closed', async () => {
    const { api } = await startTestService();
    const { body } = await api.get<{ items: CircuitDto[] }>('/v1/admin/circuits');
    const id = body.items.find(({ scope }) => scope === 'resource:sms')?.id;
    const open = async (why: object) => (await api.post(`/v1/admin/circuits/${id}/open`, why)).body['reason'];
    expect(await open({ note: 'ticket 17' })).toBe('opened by an operator');
    expect(await open({ reason: 'the script is bad', note: 'ticket 18' })).toBe('the script is bad');
    await api.post(`/v1/admin/circuits/${id}/close`, { note: 'ticket 19' });
    const audit = await api.get<{ items: { note: string }[] }>(`/v1/admin/audit?subjectId=${id}`);
    expect(audit.body.items.map(({ note }) => note)).toEqual(['ticket 19', 'ticket 18', 'ticket 17']);
  });

  it('refuse what makes no sense, and callers who are no admins', async () => {
    const { api } = await startTestService();
    const nowhere = '/v1/admin/circuits/0192c5b2-9a3e-7c41-8a53-6d1f5c1e7a10';
    expect((await api.post(`${nowhere}/open`)).status).toBe(404);
    expect((await api.post(`${nowhere}/close`)).status).toBe(404);
    expect((await api.post('/v1/admin/circuits/sms/close')).status).toBe(404);
    expect((await api.post(`${nowhere}/open`, { because: 'no' })).status).toBe(400);
    const withNul = Buffer.from(JSON.stringify(['circuits', 'resource:\u0000'])).toString('base64url');
    for (const cursor of ['x', withNul]) {
      expect((await api.get(`/v1/admin/circuits?cursor=${cursor}`)).status).toBe(400);
    }
    expect((await api.get(nowhere.replace('circuits', 'incidents'))).status).toBe(404);
    const key = await api.post<{ secret: string }>('/v1/admin/api-keys', { name: 'shop', scopes: ['send', 'read'] });
    const shop = api.as(key.body.secret);
    for (const path of ['circuits', 'incidents', 'suppressions']) {
      expect((await shop.get(`/v1/admin/${path}`)).status).toBe(403);
    }
  });
});

describe('incidents', () => {
  it('are listed newest first, quote the status page, and end when an operator closes their last circuit', async () => {
    const test = await startTestService({
      INCIDENT_THRESHOLD: '2',
      INCIDENT_PROBE_MS: '60000',
      TWILIO_STATUS_URL: 'http://127.0.0.1:9/summary.json',
    });
    const { operator } = handsOn(test);
    const health = partOf(test.service, ProviderHealth);
    const ids: string[] = [];
    for (const round of [1, 2, 3]) {
      health.count('voice', 'HTTP status 500');
      health.count('voice', 'HTTP status 500');
      const { id } = await operator.untilIncident(({ endedAt }) => endedAt === null && ids.length === round - 1);
      ids.unshift(id);
      await operator.untilIncident(({ timeline }) => timeline.some(({ kind }) => kind === 'status_page'));
      await operator.close('resource:voice');
      await operator.untilIncident(({ endedAt }) => endedAt !== null);
      // What closed within this quarter of a second belongs to the incident before.
      await sleep(300);
    }
    type List = { items: { id: string; timeline: { kind: string; sentence: string }[] }[]; nextCursor: string };
    const first = await test.api.get<List>('/v1/admin/incidents?limit=2');
    const rest = await test.api.get<List>(`/v1/admin/incidents?limit=2&cursor=${first.body.nextCursor}`);
    expect(rest.body.nextCursor).toBeNull();
    expect([...first.body.items, ...rest.body.items].map(({ id }) => id)).toEqual(ids);
    const kinds = ['opened', 'status_page', 'circuit_closed', 'closed'];
    expect(first.body.items[0]?.timeline.map(({ kind }) => kind)).toEqual(kinds);
    expect(first.body.items[0]?.timeline[1]?.sentence).toBe("The provider's status page could not be read.");
  });

  it('tell of a probe and of the status page only while they last, since what is told of them may come late', async () => {
    const test = await startTestService({ INCIDENT_THRESHOLD: '2', INCIDENT_PROBE_MS: '60000' });
    const { operator } = handsOn(test);
    const health = partOf(test.service, ProviderHealth);
    health.count('voice', 'HTTP status 500');
    health.count('voice', 'HTTP status 500');
    const { id } = await operator.untilIncident(({ endedAt }) => endedAt === null);
    const noteProbe = () =>
      partOf(test.service, IncidentTimeline).tellWhileOpen(
        id,
        'probe_sent',
        'voice: a notification goes out as a probe; 0 more wait in this incident.',
        new Date(),
      );
    const quote = (words: string) => partOf(test.service, IncidentTimeline).quote(id, words);
    await quote('The page says: degraded.');
    await noteProbe();
    await quote('The page says: degraded.');
    await operator.close('resource:voice');
    await operator.untilIncident(({ endedAt }) => endedAt !== null);
    await noteProbe();
    await quote('The page says: operational.');
    const { timeline } = await operator.untilIncident(({ endedAt }) => endedAt !== null);
    // In any order: the time of a probe is this process's, in whole milliseconds.
    const kinds = ['circuit_closed', 'closed', 'opened', 'probe_sent', 'status_page'];
    expect(timeline.map(({ kind }) => kind).toSorted()).toEqual(kinds);
  });

  it('keep how many they held at most, however many that are later', async () => {
    const { service, database } = await startTestService({ ROLE: 'api' });
    const { rows } = await database.query<{ id: string }>(
      `INSERT INTO incidents (id, started_at, resources, cause)
       VALUES (new_uuid_v7(), service_now(), '{sms}', 'down') RETURNING id`,
    );
    for (const held of [3, 5, 2]) {
      await partOf(service, IncidentTimeline).noteHeld(rows[0]?.id ?? '', held);
    }
    expect((await database.query('SELECT held FROM incidents')).rows).toEqual([{ held: 5 }]);
  });

  it('show of each kind of event the newest, however many probes there were', async () => {
    const { api, service, database } = await startTestService();
    const timeline = partOf(service, IncidentTimeline);
    const { rows } = await database.query<{ id: string }>(
      `INSERT INTO incidents (id, started_at, ended_at, resources, cause)
       VALUES (new_uuid_v7(), service_now(), service_now(), '{sms}', 'down') RETURNING id`,
    );
    const id = rows[0]?.id ?? '';
    await partOf(service, Database).transaction((transaction) =>
      timeline.tell(transaction, id, 'opened', 'The provider is down.'),
    );
    await database.query(
      `INSERT INTO incident_events (id, incident_id, at, kind, sentence)
       SELECT new_uuid_v7(), $1, service_now() + n * interval '15 seconds', 'probe_failed', 'Probe ' || n || ' failed.'
       FROM generate_series(1, 300) AS n`,
      [id],
    );
    const { body: alone } = await api.get<IncidentDetailsDto>(`/v1/admin/incidents/${id}`);
    const { body: list } = await api.get<{ items: IncidentDto[] }>('/v1/admin/incidents');
    for (const [shown, first, length] of [
      [alone, 'Probe 201 failed.', 101],
      [list.items[0], 'Probe 281 failed.', 21],
    ] as const) {
      expect(shown?.timelineLength).toBe(301);
      expect(shown?.timeline).toHaveLength(length);
      expect(shown?.timeline.slice(0, 2).map(({ sentence }) => sentence)).toEqual(['The provider is down.', first]);
      expect(shown?.timeline.at(-1)?.sentence).toBe('Probe 300 failed.');
    }
  });
});
