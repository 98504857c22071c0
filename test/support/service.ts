import { pino, type Logger } from 'pino';
import { Client } from 'pg';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { configure, type Configuration } from '../../src/config/configuration.js';
import { readEnvironment } from '../../src/config/read-environment.js';
import type { NotificationDto } from '../../src/notifications/notification.dto.js';
import type { NotificationStatus } from '../../src/policy/transitions.js';
import { startService, type RunningService } from '../../src/service.js';
import { startSimulator, type RunningSimulator } from '../../src/simulator/simulator.server.js';
import { eventually } from './eventually.js';
import { fetchDescribed } from './openapi.exchanges.js';
import { freePort } from './free-port.js';
import { createMigratedDatabase } from './postgres.js';

export const ADMIN_KEY = 'test-admin-key-0123456789';
const ACCOUNT_SID = 'AC0123456789abcdef0123456789abcdef';
const AUTH_TOKEN = 'fedcba9876543210fedcba9876543210';

/** Waits of milliseconds instead of seconds, so that a whole retry schedule fits into a test. */
const QUICK = { RETRY_BASE_MS: '20', INCIDENT_THRESHOLD: '1000000' };

export interface ServiceUnderTest {
  readonly service: RunningService;
  readonly configuration: Configuration;
  readonly url: string;
  readonly databaseUrl: string;
  readonly simulator: RunningSimulator;
  readonly database: Client;
  readonly api: ApiClient;
  /** Starts another process' worth of service on the same database and provider. */
  replica(env?: Record<string, string>, log?: Logger): Promise<RunningService>;
}

/** A simulator that calls nobody back and whose messages stay under way: its list shows them, but not their end. */
export const UNDER_WAY = { callbacks: 'none', stepMs: 3_600_000 } as const;

/** The whole service on a database of its own, with the simulator as its provider; ended after the test. */
export async function startTestService(
  env: Record<string, string> = {},
  simulatorOptions: Parameters<typeof startSimulator>[0] = {},
): Promise<ServiceUnderTest> {
  return start(env, simulatorOptions, onTestFinished);
}

/** The same for all tests of a file or a describe block. */
export function shareTestService(
  env: Record<string, string> = {},
  simulatorOptions: Parameters<typeof startSimulator>[0] = {},
): () => ServiceUnderTest {
  const ends: (() => Promise<void>)[] = [];
  let shared: ServiceUnderTest | undefined;
  beforeAll(async () => {
    shared = await start(env, simulatorOptions, (end) => ends.push(end));
  });
  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  });
  return () => {
    if (!shared) throw new Error('The service is there only while tests run');
    return shared;
  };
}

async function start(
  env: Record<string, string>,
  simulatorOptions: Parameters<typeof startSimulator>[0],
  atEnd: (end: () => Promise<void>) => unknown,
): Promise<ServiceUnderTest> {
  const database = await createMigratedDatabase();
  atEnd(() => database.drop());
  const client = new Client({ connectionString: database.url });
  await client.connect();
  atEnd(() => client.end());
  const simulator = await startSimulator({ stepMs: 5, callbackRetryMs: 10, ...simulatorOptions });
  atEnd(() => simulator.close());

  const configured = async (overrides: Record<string, string>) => {
    const port = await freePort();
    return configurationFor(database.url, simulator.url, port, { ...QUICK, ...env, ...overrides });
  };
  const configuration = await configured({});
  const service = await startService(configuration, pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' }));
  atEnd(() => service.close());

  return {
    service,
    configuration,
    url: configuration.publicUrl,
    databaseUrl: database.url,
    simulator,
    database: client,
    api: new ApiClient(configuration.publicUrl, ADMIN_KEY),
    replica: async (overrides = {}, log = pino({ level: 'silent' })) => {
      const other = await startService(await configured({ PUBLIC_URL: configuration.publicUrl, ...overrides }), log);
      atEnd(() => other.close());
      return other;
    },
  };
}

function configurationFor(databaseUrl: string, providerUrl: string, port: number, env: Record<string, string>) {
  const variables = {
    PORT: String(port),
    DATABASE_URL: databaseUrl,
    ADMIN_API_KEY: ADMIN_KEY,
    TWILIO_ACCOUNT_SID: ACCOUNT_SID,
    TWILIO_AUTH_TOKEN: AUTH_TOKEN,
    TWILIO_BASE_URL: providerUrl,
    TWILIO_SMS_FROM: '+15005550006',
    TWILIO_WHATSAPP_FROM: '+14155238886',
    TWILIO_VOICE_FROM: '+15005550006',
    TWILIO_STATUS_URL: '',
    ...env,
  };
  const environment = readEnvironment(variables);
  return configure(
    environment,
    {
      databaseUrl,
      adminApiKey: ADMIN_KEY,
      twilio: {
        accountSid: environment.TWILIO_ACCOUNT_SID ?? ACCOUNT_SID,
        authToken: AUTH_TOKEN,
        baseUrl: environment.TWILIO_BASE_URL ?? providerUrl,
        statusUrl: environment.TWILIO_STATUS_URL ?? '',
        simulated: true,
        senders: {
          ...(environment.TWILIO_SMS_FROM ? { sms: environment.TWILIO_SMS_FROM } : {}),
          ...(environment.TWILIO_WHATSAPP_FROM ? { whatsapp: environment.TWILIO_WHATSAPP_FROM } : {}),
          ...(environment.TWILIO_VOICE_FROM ? { voice: environment.TWILIO_VOICE_FROM } : {}),
        },
      },
    },
    environment.PUBLIC_URL ?? `http://127.0.0.1:${port}`,
  );
}

/** `Body` is what the test expects to see; what it is, the test asserts. */
export interface ApiResponse<Body = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** What a calling service would be. Whatever is asked and answered has to be as /openapi.json says. */
export class ApiClient {
  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {}

  as(key: string): ApiClient {
    return new ApiClient(this.url, key);
  }

  async request<Body = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<ApiResponse<Body>> {
    const request = new Request(this.url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const response = await fetchDescribed(request, body);
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: (text ? JSON.parse(text) : null) as Body };
  }

  get<Body = Record<string, unknown>>(path: string): Promise<ApiResponse<Body>> {
    return this.request<Body>('GET', path);
  }

  post<Body = Record<string, unknown>>(path: string, body: unknown = {}, headers: Record<string, string> = {}) {
    return this.request<Body>('POST', path, body, headers);
  }

  /** Accepts one and answers its id. */
  async send(notification: Record<string, unknown>, key?: string): Promise<string> {
    const answer = await this.post<NotificationDto>(
      '/v1/notifications',
      notification,
      key ? { 'idempotency-key': key } : {},
    );
    if (answer.status !== 202) throw new Error(`Not accepted: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body.id;
  }

  /** Waits until the notification is as asked for; fails with what it is instead. */
  until(id: string, reached: (notification: NotificationDto) => boolean, timeoutMs?: number): Promise<NotificationDto> {
    const look = async () => (await this.get<NotificationDto>(`/v1/notifications/${id}`)).body;
    return eventually(look, reached, timeoutMs);
  }

  untilStatus(id: string, ...statuses: NotificationStatus[]): Promise<NotificationDto> {
    return this.until(id, (notification) => statuses.includes(notification.status));
  }

  /** The same, once every answer is recorded too: a callback can come before the answer to its request. */
  untilAnswered(id: string, ...statuses: NotificationStatus[]): Promise<NotificationDto> {
    return this.until(id, ({ status, deliveries }) => {
      const attempts = deliveries.flatMap((delivery) => delivery.attempts);
      return statuses.includes(status) && attempts.every(({ durationMs }) => durationMs !== null);
    });
  }
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly params: Record<string, string | string[]>;
  readonly headers: Record<string, string>;
  readonly at: number | string;
}

/** Steers the simulator and reads what it received. */
export class Provider {
  constructor(private readonly url: string) {}

  async fail(to: string, fault: unknown): Promise<void> {
    await this.control('PUT', `/faults/${encodeURIComponent(to)}`, fault);
  }

  /** @param to of whom; by default of everybody and everything */
  async heal(to?: string): Promise<void> {
    await this.control('DELETE', to === undefined ? '/faults' : `/faults/${encodeURIComponent(to)}`);
  }

  async requests(to: string): Promise<SeenRequest[]> {
    const response = await this.control('GET', `/requests?to=${encodeURIComponent(to)}`);
    return ((await response.json()) as { requests: SeenRequest[] }).requests;
  }

  /** Creations only. */
  async creates(to: string): Promise<SeenRequest[]> {
    return (await this.requests(to)).filter((request) => request.method === 'POST');
  }

  /** @throws where it is refused: a test that goes on without would say nothing */
  private async control(method: string, path: string, body?: unknown): Promise<Response> {
    const sent =
      body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(`${this.url}/__simulator${path}`, { method, ...sent });
    if (!response.ok) throw new Error(`The simulator refused ${method} ${path}: ${await response.text()}`);
    return response;
  }
}

/** Creations that the provider has seen, whoever they were for. */
export async function creations(simulatorUrl: string): Promise<{ at: number; to: string }[]> {
  const response = await fetch(`${simulatorUrl}/__simulator/requests?limit=100000`);
  const { requests } = (await response.json()) as {
    requests: { method: string; at: string; params: Record<string, string> }[];
  };
  return requests
    .filter(({ method }) => method === 'POST')
    .map(({ at, params }) => ({ at: Date.parse(at), to: params['To'] ?? '' }));
}
