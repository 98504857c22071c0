import { Client } from 'pg';
import { onTestFinished } from 'vitest';
import { migrate } from '../src/database/migrate.js';
import { startSimulator } from '../src/simulator/simulator.server.js';
import { moveClock } from './support/clock.js';
import { createTestDatabase } from './support/postgres.js';
import { startServiceProcess, type ServiceProcess } from './support/process.js';
import { freePort } from './support/free-port.js';
import { ADMIN_KEY, ApiClient, Provider, type SeenRequest } from './support/service.js';

const LEASE_MS = 2500;

/** Two processes of the service that may be killed, on a database and a provider that outlive them. */
export class World {
  private readonly processes: (ServiceProcess | null)[] = [null, null];

  private constructor(
    private client: Client,
    readonly provider: Provider,
    private readonly providerUrl: string,
    private readonly databaseUrl: string,
    private readonly ports: readonly number[],
    private readonly env: Record<string, string>,
    private readonly split: boolean,
  ) {}

  /** @param env what is configured otherwise; @param split the first process only accepts, the other one only sends */
  static async start(env: Record<string, string>, split: boolean): Promise<World> {
    const testDatabase = await createTestDatabase();
    onTestFinished(() => testDatabase.drop());
    const { url } = testDatabase;
    await migrate(url);
    // The tests' server may lose the last commits when it crashes; the service is told to run on one that does not.
    const owner = await connected(url);
    await owner.query(`ALTER DATABASE ${testDatabase.name} SET synchronous_commit = on`);
    await owner.end();
    const client = await connected(url);
    const simulator = await startSimulator({ stepMs: 20, callbackRetryMs: 50 });
    onTestFinished(() => simulator.close());
    const ports = [await freePort(), await freePort()];
    const world = new World(
      client,
      new Provider(simulator.url),
      simulator.url,
      url,
      ports,
      {
        DATABASE_URL: url,
        ADMIN_API_KEY: ADMIN_KEY,
        // Callbacks go to the first process; while it is gone, they are lost.
        PUBLIC_URL: `http://127.0.0.1:${ports[0]}`,
        TWILIO_ACCOUNT_SID: 'AC0123456789abcdef0123456789abcdef',
        TWILIO_AUTH_TOKEN: 'fedcba9876543210fedcba9876543210',
        TWILIO_BASE_URL: simulator.url,
        TWILIO_STATUS_URL: '',
        TWILIO_SMS_FROM: '+15005550006',
        TWILIO_WHATSAPP_FROM: '+14155238886',
        TWILIO_VOICE_FROM: '+15005550006',
        TWILIO_TIMEOUT_MS: '500',
        LEASE_MS: String(LEASE_MS),
        RETRY_BASE_MS: '50',
        RETRY_MAX: '3',
        INCIDENT_PROBE_MS: '300',
        DISPATCH_CONCURRENCY: '8',
        ...env,
      },
      split,
    );
    onTestFinished(() => world.client.end());
    await world.restart(0);
    await world.restart(1);
    return world;
  }

  get database(): Client {
    return this.client;
  }

  async restart(index: 0 | 1): Promise<void> {
    const split = index === 0 ? 'api' : 'worker';
    const role = { ROLE: this.split ? split : 'all', PORT: String(this.ports[index]) };
    this.processes[index] = await startServiceProcess({ ...this.env, ...role });
  }

  process(index: 0 | 1): ServiceProcess {
    const process = this.processes[index];
    if (!process) throw new Error('That process was never started');
    return process;
  }

  /** @throws where it does not end well */
  async stop(index: 0 | 1): Promise<void> {
    const code = await this.process(index).terminate();
    if (code !== 0) throw new Error(`It ended with ${code}:\n${this.process(index).output()}`);
  }

  /** Of this process, if it has one. */
  api(index: 0 | 1): ApiClient {
    return new ApiClient(`http://127.0.0.1:${this.ports[this.split ? 0 : index]}`, ADMIN_KEY);
  }

  /** The attempts that the provider was asked for, and those it accepted, by its own record; as often as it was. */
  async providersRecord(): Promise<{ requested: string[]; accepted: string[] }> {
    const read = async (what: keyof ProvidersRecord) => {
      const response = await fetch(`${this.providerUrl}/__simulator/${what}?limit=100000`);
      return ((await response.json()) as ProvidersRecord)[what];
    };
    const requests = (await read('requests')).filter(({ method }) => method === 'POST');
    const accepted = [...(await read('messages')), ...(await read('calls'))];
    return {
      requested: requests.map(({ params }) => attemptOf(params?.['StatusCallback'])),
      accepted: accepted.map((record) => attemptOf(record.status_callback)),
    };
  }

  /**
   * Stops a process for longer than its leases last; goes on once the other one has taken its work. What it holds locked,
   * stopped in the middle of a transaction, nobody can take, so that is not waited for long.
   */
  async stall(index: 0 | 1): Promise<void> {
    const { pid } = this.process(index);
    process.kill(pid, 'SIGSTOP');
    await moveClock(this.databaseUrl, LEASE_MS + 500);
    await this.untilGone('SELECT 1 FROM outbox WHERE lease_token IS NOT NULL AND leased_until < service_now()', 5000);
    process.kill(pid, 'SIGCONT');
  }

  /** Waits until a query finds nothing any more, or for so long. */
  private async untilGone(query: string, withinMs: number): Promise<void> {
    const end = performance.now() + withinMs;
    while (performance.now() < end && (await this.database.query(query)).rows.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Ends about half of the service's connections, whatever they are at. */
  async cutConnections(): Promise<void> {
    await this.database.query(`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND hashtext(pid::text) % 2 = 0`);
  }

  /** One of PostgreSQL's processes dies, so it throws out everybody, recovers from its log and begins anew. */
  async crashDatabase(): Promise<void> {
    const { rows } = await this.database.query<{ pid: number }>(
      'SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() LIMIT 1',
    );
    if (!rows[0]) return;
    // Only then has it noticed: whoever connects before is thrown out, too.
    const thrownOut = new Promise<void>((resolve) => void this.client.once('end', resolve));
    process.kill(rows[0].pid, 'SIGKILL');
    await thrownOut;
    this.client = await connected(this.databaseUrl);
  }

  /** The database's time. */
  async now(): Promise<Date> {
    const { rows } = await this.database.query<{ now: Date }>('SELECT service_now() AS now');
    if (!rows[0]) throw new Error('A SELECT without FROM has a row');
    return rows[0].now;
  }

  /** An operator has put right what no probe would find out. */
  async closeCircuits(): Promise<void> {
    const { rows } = await this.database.query<{ id: string }>(
      `SELECT id FROM circuits WHERE state = 'open' AND next_probe_at IS NULL`,
    );
    for (const { id } of rows) await this.api(1).post(`/v1/admin/circuits/${id}/close`, { note: 'Put right' });
  }

  private async leftOver(): Promise<string> {
    const { rows } = await this.database.query(`
      SELECT o.stage, o.lease_token IS NOT NULL AS leased, o.probe, o.due_at - service_now() AS due, c.scope, c.state, c.cause,
        c.next_probe_at - service_now() AS probe_in, count(*)::int
      FROM outbox o LEFT JOIN circuits c ON c.id = o.held_by GROUP BY 1, 2, 3, 4, 5, 6, 7, 8`);
    return JSON.stringify(rows);
  }

  /** Lets time pass wherever nothing but time is waited for, until no work is left. */
  async settle(withinMs: number): Promise<void> {
    const end = performance.now() + withinMs;
    for (;;) {
      const { rows } = await this.database.query<{ left: number; leased: number; dueInMs: number | null }>(`
        SELECT count(*)::int AS left, count(lease_token)::int AS leased,
          (extract(epoch FROM least(min(due_at) FILTER (WHERE held_by IS NULL),
            (SELECT min(next_probe_at) FROM circuits WHERE state <> 'closed')) - service_now()) * 1000)::float8 AS "dueInMs"
        FROM outbox`);
      const [work] = rows;
      if (!work || work.left === 0) return;
      if (performance.now() > end) throw new Error(`Work is left after ${withinMs} ms: ${await this.leftOver()}`);
      if (work.leased === 0) await this.closeCircuits();
      if (work.leased === 0 && work.dueInMs !== null && work.dueInMs > 200)
        await moveClock(this.databaseUrl, work.dueInMs);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** A connection to a database that may be recovering. */
async function connected(url: string): Promise<Client> {
  const end = performance.now() + 30_000;
  for (;;) {
    const client = new Client({ connectionString: url });
    // It may be thrown out at any moment; the next query says so.
    client.on('error', () => {});
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** What the simulator's control endpoint answers, as far as it is read here. */
type ProvidersRecord = Record<
  'requests' | 'messages' | 'calls',
  { readonly method?: string; readonly params?: SeenRequest['params']; readonly status_callback?: string }[]
>;

/** A StatusCallback ends with the attempt's id. */
function attemptOf(statusCallback: unknown): string {
  return String(statusCallback).split('/').at(-1) ?? '';
}
