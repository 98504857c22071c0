import { Client } from 'pg';
import { seedDue } from './postrider.seed.js';
import { fromService, SERVICE_PROGRAM } from '../service.build.js';
import { endProcess, spawnQuietly } from '../stage/program.js';
import type { Requests } from '../programs/load.calls.js';
import type { Cleanup } from '../stage/cleanup.js';
import { freePort, until } from '../stage/ports.js';
import type { Stage } from '../stage/stage.js';
import { ACCOUNT, type Contender, type Running, type Setup } from './contender.js';

const ADMIN_KEY = 'bench-admin-key-0123456789';
const STARTS_WITHIN_MS = 30_000;

export interface PostriderOptions {
  readonly name?: string;
  /** Beyond what every run is given. */
  readonly env?: Readonly<Record<string, string>>;
  /** Worker processes besides the first. */
  readonly replicas?: number;
  /** Another program of the same environment, such as the variant that does not group. */
  readonly program?: string;
  /** Runs on the migrated, still empty database before the service starts. */
  readonly prepare?: (database: Client) => Promise<void>;
}

export interface RunningPostrider extends Running {
  readonly requests: Extract<Requests, { kind: 'notifications' }>;
  readonly database: Client;
}

/** The service as `npm start` runs it, with a database and a provider given, as in production. */
export class Postrider implements Contender<RunningPostrider> {
  readonly name: string;

  constructor(private readonly options: PostriderOptions = {}) {
    this.name = options.name ?? 'Postrider';
  }

  missing(): null {
    return null;
  }

  async start(stage: Stage, setup: Setup): Promise<RunningPostrider> {
    const cleanup = stage.cleanup.nested();
    try {
      return await this.startOn(stage, setup, cleanup);
    } catch (error) {
      await cleanup.run();
      throw error;
    }
  }

  private async startOn(stage: Stage, setup: Setup, cleanup: Cleanup): Promise<RunningPostrider> {
    const databaseUrl = await stage.postgres.createDatabase(cleanup);
    const { migrate } = await fromService('database/migrate');
    await migrate(databaseUrl);
    const database = new Client({ connectionString: databaseUrl });
    database.on('error', () => {});
    await database.connect();
    cleanup.add(() => database.end());
    await this.options.prepare?.(database);

    const first = await this.spawn(stage, setup, databaseUrl, cleanup);
    const others = Array.from({ length: this.options.replicas ?? 0 }, () =>
      this.spawn(stage, setup, databaseUrl, cleanup),
    );
    const processes = [first, ...(await Promise.all(others))];
    return {
      url: first.url,
      pids: processes.map(({ pid }) => pid),
      requests: { kind: 'notifications', headers: { authorization: `Bearer ${ADMIN_KEY}` } },
      database,
      storeCpuMicros: () => stage.postgres.cpuMicros(),
      fill: (count) => seedDue(database, count),
      unfinished: async () => {
        const { rows } = await database.query<{ count: number }>('SELECT count(*)::int AS count FROM outbox');
        return rows[0]?.count ?? 0;
      },
      stop: () => cleanup.run(),
    };
  }

  private async spawn(stage: Stage, setup: Setup, databaseUrl: string, cleanup: Cleanup) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const args = [...(setup.nodeArgs ?? []), '--enable-source-maps', this.options.program ?? SERVICE_PROGRAM];
    const child = spawnQuietly(process.execPath, args, {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      PORT: String(port),
      DATABASE_URL: databaseUrl,
      PUBLIC_URL: url,
      ADMIN_API_KEY: ADMIN_KEY,
      ROLE: ({ accept: 'api', work: 'worker', both: 'all' } as const)[setup.role],
      DISPATCH_CONCURRENCY: String(setup.concurrency),
      TWILIO_CONNECTIONS: String(setup.concurrency),
      TWILIO_ACCOUNT_SID: ACCOUNT.sid,
      TWILIO_AUTH_TOKEN: ACCOUNT.token,
      TWILIO_BASE_URL: stage.provider.url,
      TWILIO_SMS_FROM: ACCOUNT.sender,
      TWILIO_STATUS_URL: '',
      LOG_LEVEL: 'info',
      ...this.options.env,
    });
    cleanup.add(() => endProcess(child));
    await until(`${this.name} is ready`, STARTS_WITHIN_MS, async () => {
      if (child.exitCode !== null)
        throw new Error(`${this.name} ended with ${child.exitCode} instead of getting ready`);
      return await isReady(url);
    });
    return { url, pid: child.pid ?? 0 };
  }
}

export async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health/ready`)).ok;
  } catch {
    return false;
  }
}
