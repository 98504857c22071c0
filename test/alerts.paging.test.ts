import { describe, expect, it } from 'vitest';
import type { AlertDto } from '../src/alerts/alerts.dto.js';
import { alertsOf, Receiver, registerOf } from './alerts.setup.js';
import { SECRET } from './alerts.webhook.setup.js';
import { moveClock } from './support/clock.js';
import { eventually } from './support/eventually.js';
import { startTestService, type ServiceUnderTest } from './support/service.js';

const PATH = '/v1/admin/alerts/test';
const MINUTE = 60_000;
const TITLE = 'This is a test, nothing is wrong';
const SUMMARY = "This is a test of Postrider's alerts, asked for by admin/ADMIN_API_KEY. Nothing is wrong.";

/** A service with every sink there is, each with a receiver of its own. */
async function withEverySink() {
  const [webhook, alertmanager, pagerduty, slack] = [
    await Receiver.start(),
    await Receiver.start(),
    await Receiver.start(),
    await Receiver.start(),
  ];
  const test = await startTestService({
    ALERT_WEBHOOK_URL: webhook.url,
    ALERT_WEBHOOK_SECRET: SECRET,
    ALERTMANAGER_URL: alertmanager.url,
    PAGERDUTY_ROUTING_KEY: 'R0123456789',
    PAGERDUTY_URL: pagerduty.url,
    SLACK_WEBHOOK_URL: slack.url,
  });
  return { ...test, webhook, alertmanager, pagerduty, slack };
}

/** The newest alert, once it has told every sink so. */
const told = ({ api }: ServiceUnderTest, what: 'opened' | 'resolved'): Promise<AlertDto | undefined> =>
  eventually(
    async () => (await alertsOf(api))[0],
    (alert) => alert?.deliveries.length === 5 && alert.deliveries.every((delivery) => delivery.told === what),
  );

const only = (receiver: Receiver) => receiver.taken.map(({ text }): unknown => JSON.parse(text));

describe('POST /v1/admin/alerts/test', () => {
  it('tells every sink, by name a test, that it opened and that it is over, and shows what each took', async () => {
    const test = await withEverySink();
    const answer = await test.api.post<AlertDto>(PATH);
    expect(answer).toMatchObject({
      status: 202,
      body: { kind: 'test', state: 'open', severity: 'critical', summary: SUMMARY, count: 1 },
    });
    const open = await told(test, 'opened');
    expect(open).toMatchObject({ id: answer.body.id, state: 'open' });
    expect(open?.deliveries.map(({ sink, state }) => [sink, state])).toEqual(
      ['log', 'webhook', 'alertmanager', 'pagerduty', 'slack'].map((sink) => [sink, 'delivered']),
    );

    await moveClock(test.databaseUrl, 2 * MINUTE + 1000);
    expect(await told(test, 'resolved')).toMatchObject({ state: 'resolved', ending: 'The test is over.' });
    const over = `The test is over. It was: ${SUMMARY}`;
    expect(only(test.webhook)).toMatchObject([
      { type: 'alert.opened', data: { name: 'PostriderTest', title: `critical: ${TITLE}`, summary: SUMMARY } },
      { type: 'alert.resolved', data: { title: `resolved: ${TITLE}`, ending: 'The test is over.' } },
    ]);
    const inAlertmanager = (description: string) => [
      {
        labels: { alertname: 'PostriderTest', severity: 'critical', kind: 'test' },
        annotations: { summary: TITLE, description: expect.stringContaining(description) },
      },
    ];
    expect(only(test.alertmanager).at(0)).toMatchObject(inAlertmanager(SUMMARY));
    expect(only(test.alertmanager).at(-1)).toMatchObject(inAlertmanager(over));
    expect(only(test.pagerduty)).toMatchObject([
      {
        event_action: 'trigger',
        payload: { severity: 'critical', summary: `Postrider critical: ${TITLE}. ${SUMMARY}`, class: 'PostriderTest' },
      },
      { event_action: 'resolve' },
    ]);
    expect(only(test.slack)).toMatchObject([
      { text: expect.stringContaining(`*Postrider critical: ${TITLE}*\n${SUMMARY}\n`) },
      { text: expect.stringContaining(`*Postrider resolved: ${TITLE}*\n${over}\n`) },
    ]);
  });

  it('shows which sink did not take it, and why', async () => {
    const receiver = await Receiver.start();
    receiver.mood = 500;
    const { api } = await startTestService({ SLACK_WEBHOOK_URL: receiver.url });
    const { body } = await api.post<AlertDto>(PATH, { severity: 'warning' });
    const shown = await eventually(
      async () => (await api.get<AlertDto>(`/v1/admin/alerts/${body.id}`)).body,
      ({ deliveries }) => deliveries.some(({ sink, state }) => sink === 'slack' && state === 'failing'),
    );
    expect(shown).toMatchObject({
      severity: 'warning',
      deliveries: [
        { sink: 'log' },
        { sink: 'slack', told: null, lastError: expect.stringContaining('It answered 500') },
      ],
    });
  });

  it('stays open while Alertmanager gathers what belongs together, and each test is an alert of its own', async () => {
    const receiver = await Receiver.start();
    const { api, service, databaseUrl } = await startTestService({ ROLE: 'api', SLACK_WEBHOOK_URL: receiver.url });
    const first = await api.post<AlertDto>(PATH);
    await moveClock(databaseUrl, 1.5 * MINUTE);
    await registerOf(service).resolveQuiet();
    const second = await api.post<AlertDto>(PATH);
    expect(second.body.id).not.toBe(first.body.id);
    expect((await alertsOf(api, '&kind=test')).map(({ id, state }) => [id, state])).toEqual([
      [second.body.id, 'open'],
      [first.body.id, 'open'],
    ]);
    await moveClock(databaseUrl, MINUTE);
    await registerOf(service).resolveQuiet();
    expect((await alertsOf(api, '&state=open')).map(({ id }) => id)).toEqual([second.body.id]);
  });

  it('is audited, with the note', async () => {
    const receiver = await Receiver.start();
    const { api } = await startTestService({ SLACK_WEBHOOK_URL: receiver.url });
    const { body } = await api.post<AlertDto>(PATH, { severity: 'error', note: 'after the move' });
    const audit = await api.get('/v1/admin/audit?action=alert.tested&subjectType=alert');
    expect(audit.body['items']).toMatchObject([
      {
        actor: 'admin/ADMIN_API_KEY',
        subjectId: body.id,
        before: null,
        after: { severity: 'error', sinks: ['log', 'slack'] },
        note: 'after the move',
      },
    ]);
  });

  it('is a conflict where nobody would hear of it, and leaves nothing behind', async () => {
    const { api } = await startTestService();
    expect(await api.post(PATH)).toMatchObject({
      status: 409,
      body: { type: 'urn:postrider:problem:conflict', detail: expect.stringContaining('SLACK_WEBHOOK_URL') },
    });
    expect(await alertsOf(api)).toEqual([]);
    expect((await api.get('/v1/admin/audit?action=alert.tested')).body['items']).toEqual([]);
  });

  it('is for admins, and knows what is wrong with a body', async () => {
    const { api } = await startTestService();
    const key = await api.post<{ secret: string }>('/v1/admin/api-keys', { name: 'shop', scopes: ['send', 'read'] });
    expect((await api.as(key.body.secret).post(PATH)).status).toBe(403);
    for (const [body, pointer] of [
      [{ severity: 'info' }, '/severity'],
      [{ note: '' }, '/note'],
      [{ page: true }, '/page'],
    ] as const) {
      expect(await api.post(PATH, body)).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
    }
  });
});
