import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import type { AlertDeliveryDto, AlertDto } from '../src/alerts/alerts.dto.js';
import { AlertRegister } from '../src/alerts/alert.register.js';
import type { Alarm } from '../src/alerts/alarm.js';
import type { RunningService } from '../src/service.js';
import { eventually } from './support/eventually.js';
import { portOf } from './support/port-of.js';
import type { ApiClient, ServiceUnderTest } from './support/service.js';

export interface Heard {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** What a receiver does with a request: takes it with 202, refuses it with a status, or never answers. */
export type Mood = 'takes' | 'hangs' | number;

/** A receiver of alerts: keeps what it was told. */
export class Receiver {
  /** What it took. */
  readonly taken: Heard[] = [];
  /** Everything that reached it. */
  readonly asked: Heard[] = [];
  mood: Mood = 'takes';
  /** What it says of when to come back, where it refuses. */
  retryAfter: string | null = null;
  private server: Server | null = null;
  private port = 0;

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await receiver.listen();
    onTestFinished(() => receiver.stop());
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** On the port it had before. */
  async listen(): Promise<void> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const headers = Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
        );
        this.answer({ path: request.url ?? '', headers, text: Buffer.concat(chunks).toString() }, response);
      });
    });
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = portOf(server);
    this.server = server;
  }

  /** Refuses connections from now on. */
  async stop(): Promise<void> {
    const server = this.server;
    this.server = null;
    if (!server) return;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }

  private answer(heard: Heard, response: ServerResponse): void {
    this.asked.push(heard);
    if (this.mood === 'hangs') return;
    if (this.mood === 'takes') this.taken.push(heard);
    const redirect = this.mood === 301 ? { location: `${this.url}/elsewhere` } : {};
    const later = this.retryAfter === null ? {} : { 'retry-after': this.retryAfter };
    response
      .writeHead(this.mood === 'takes' ? 202 : this.mood, { ...redirect, ...later })
      .end('what the receiver says');
  }
}

/** An alarm to raise without a notification behind it. */
export function testAlarm(overrides: Partial<Alarm> = {}): Alarm {
  return {
    cause: 'request_errors:400:21211',
    kind: 'request_errors',
    subjectId: null,
    severity: 'error',
    summary: 'The provider answers 400 with code 21211 <of a test>.',
    advice: 'Correct the number & send again.',
    facts: { httpStatus: 400, providerCode: 21211 },
    ends: 'when_quiet',
    ...overrides,
  };
}

export function registerOf(service: RunningService): AlertRegister {
  return service.app.get(AlertRegister, { strict: false });
}

export async function alertsOf(api: ApiClient, query = ''): Promise<AlertDto[]> {
  return (await api.get<{ items: AlertDto[] }>(`/v1/admin/alerts?limit=100${query}`)).body.items;
}

/** What a sink was told of the newest alert. */
export async function deliveryTo(api: ApiClient, sink: string): Promise<AlertDeliveryDto | undefined> {
  const [newest] = await alertsOf(api);
  return newest?.deliveries.find((delivery) => delivery.sink === sink);
}

/**
 * Resolves when all that the receiver has answered is on disk: until then the news is on its way, and whoever lets the
 * time of its lease pass has it told once more.
 */
export async function untilRecorded(
  { database }: Pick<ServiceUnderTest, 'database'>,
  receiver: Receiver,
  sink: string,
): Promise<void> {
  const recorded = 'SELECT coalesce(sum(attempts), 0)::int AS attempts FROM alert_deliveries WHERE sink = $1';
  await eventually(
    async () => (await database.query<{ attempts: number }>(recorded, [sink])).rows[0]?.attempts ?? 0,
    (attempts) => attempts >= receiver.asked.length,
  );
}
