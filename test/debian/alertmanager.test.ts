import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { alertsOf, deliveryTo, Receiver, registerOf, testAlarm } from '../alerts.setup.js';
import { moveClock } from '../support/clock.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { startTestService } from '../support/service.js';

const BINARY = 'prometheus-alertmanager';

interface KnownAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly updatedAt: string;
  readonly generatorURL: string;
  readonly status: { readonly state: string };
}

/** A notification as Alertmanager sends it to its own receivers. */
interface Notification {
  readonly status: 'firing' | 'resolved';
  readonly alerts: readonly KnownAlert[];
}

/** A real Alertmanager of our own: a loopback port, an empty data folder, and a receiver that it notifies. */
class Alertmanager {
  private constructor(
    readonly port: number,
    private readonly folder: string,
  ) {}

  static async prepare(notified: Receiver): Promise<Alertmanager> {
    requireBinary();
    const folder = await mkdtemp(join(tmpdir(), 'postrider-alertmanager-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await writeFile(
      join(folder, 'alertmanager.yml'),
      [
        'route: { receiver: on-call, group_by: [alertname, alert_id], group_wait: 100ms, group_interval: 1s }',
        'receivers:',
        `  - { name: on-call, webhook_configs: [{ url: '${notified.url}/notified', send_resolved: true }] }`,
      ].join('\n'),
    );
    return new Alertmanager(await freePort(), folder);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const server = spawn(
      BINARY,
      [
        `--config.file=${join(this.folder, 'alertmanager.yml')}`,
        `--storage.path=${join(this.folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${this.port}`,
        '--cluster.listen-address=',
      ],
      { stdio: 'ignore' },
    );
    onTestFinished(async () => {
      if (server.exitCode === null) {
        server.kill('SIGKILL');
        await once(server, 'exit');
      }
    });
    await eventually(
      () => this.isReady(),
      (ready) => ready,
    );
  }

  async alerts(): Promise<KnownAlert[]> {
    const response = await fetch(`${this.url}/api/v2/alerts`);
    return JSON.parse(await response.text());
  }

  private async isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/-/ready`)).ok;
    } catch {
      return false;
    }
  }
}

function requireBinary(): void {
  const found = (process.env['PATH'] ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, BINARY), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!found) {
    throw new Error(
      `${BINARY} is not installed. It is in Debian's package prometheus-alertmanager: apt-get install it.`,
    );
  }
}

async function startBoth() {
  const onCall = await Receiver.start();
  const alertmanager = await Alertmanager.prepare(onCall);
  const started = await startTestService({ ALERTMANAGER_URL: alertmanager.url });
  const notifications = () => onCall.taken.map(({ text }): Notification => JSON.parse(text));
  return { ...started, alertmanager, notifications, register: registerOf(started.service) };
}

describe('a real Alertmanager', () => {
  it('shows the alert while it is open, notifies once, and hears that it is over', async () => {
    const { alertmanager, register, api, configuration, notifications } = await startBoth();
    await alertmanager.start();
    await register.raise(testAlarm({ severity: 'critical' }), { count: { added: 2 } });
    const [known] = await eventually(
      () => alertmanager.alerts(),
      (alerts) => alerts.length === 1,
    );
    const [alert] = await alertsOf(api);
    expect(known).toMatchObject({
      labels: {
        alertname: 'PostriderRequestErrors',
        service: 'postrider',
        severity: 'critical',
        kind: 'request_errors',
        cause: testAlarm().cause,
        alert_id: alert?.id,
      },
      annotations: {
        summary: 'The provider refuses requests',
        description: expect.stringContaining(`${testAlarm().summary} 2 refusals since `),
        advice: testAlarm().advice,
        count: '2',
      },
      startsAt: alert?.openedAt,
      generatorURL: `${configuration.publicUrl}/v1/admin/alerts/${alert?.id}`,
      status: { state: 'active' },
    });
    expect(Date.parse(known?.endsAt ?? '') - Date.now()).toBeGreaterThan(4 * 60_000);
    await eventually(notifications, ([first]) => first?.status === 'firing');

    await register.resolve(testAlarm().cause, 'It is over.');
    await eventually(
      () => alertmanager.alerts(),
      (alerts) => alerts.length === 0,
    );
    const told = await eventually(notifications, (all) => all.some(({ status }) => status === 'resolved'));
    expect(told.filter(({ status }) => status === 'resolved')).toHaveLength(1);
    expect(told.at(-1)?.alerts[0]?.annotations['description']).toContain('It is over.');
  });

  it('is told again before it forgets, with what was added meanwhile, for as long as the alert is open', async () => {
    const { alertmanager, register, databaseUrl, api } = await startBoth();
    await alertmanager.start();
    await register.raise(testAlarm(), { count: { added: 1 } });
    const [first] = await eventually(
      () => alertmanager.alerts(),
      (alerts) => alerts.length === 1,
    );
    await eventually(
      () => deliveryTo(api, 'alertmanager'),
      (delivery) => delivery?.told === 'opened',
    );
    await moveClock(databaseUrl, 61_000);
    const [again] = await eventually(
      () => alertmanager.alerts(),
      ([alert]) => alert !== undefined && alert.updatedAt !== first?.updatedAt,
    );
    expect(Date.parse(again?.endsAt ?? '')).toBeGreaterThan(Date.parse(first?.endsAt ?? ''));
    // Recorded, before the clock moves on: what is told after that counts as told then.
    await eventually(
      () => deliveryTo(api, 'alertmanager'),
      (delivery) => delivery?.attempts === 2,
    );
    await register.raise(testAlarm(), { count: { added: 41 } });
    await moveClock(databaseUrl, 61_000);
    const [grown] = await eventually(
      () => alertmanager.alerts(),
      ([alert]) => alert?.annotations['count'] === '42',
    );
    expect(grown).toMatchObject({ labels: first?.labels, startsAt: first?.startsAt });
    expect(await alertmanager.alerts()).toHaveLength(1);
  });

  it('that was away when it opened hears of it when it is back', async () => {
    const { alertmanager, register, notifications, api } = await startBoth();
    await register.raise(testAlarm(), { count: { added: 1 } });
    await eventually(
      () => deliveryTo(api, 'alertmanager'),
      (delivery) => delivery?.state === 'failing',
    );
    await alertmanager.start();
    await eventually(notifications, ([first]) => first?.status === 'firing');
    await register.resolve(testAlarm().cause, 'It is over.');
    const told = await eventually(notifications, (all) => all.some(({ status }) => status === 'resolved'));
    expect(told.map(({ status }) => status)).toEqual(['firing', 'resolved']);
  });
});
