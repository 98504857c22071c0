import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { chooseAccount, giveTo, type ServerAccount } from './postgres.account.js';
import { findServerPackage, prepareBinaries } from './postgres.binaries.js';
import { ensureCluster, type Passwords } from './postgres.cluster.js';
import { answers, databaseUrl, ensureDatabase } from './postgres.database.js';
import { findHome, findShelter, type Home } from './postgres.home.js';
import { launch, type Launch, PortTakenError } from './postgres.launch.js';
import { claimOwnership, type Ownership } from './postgres.owner.js';
import { choosePort, rememberPort } from './postgres.port.js';
import { adopt, findRunning, type OwnedServer, shutDown } from './postgres.process.js';
import { serverArguments } from './postgres.settings.js';

export interface EmbeddedPostgresOptions {
  /** A folder for this server alone; created if absent. */
  readonly dataDir: string;
  /** PostgreSQL settings on top of the durable defaults, for example `{ fsync: 'off' }` for data that may be lost. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default: the port of the last start if it is free, otherwise any free one. */
  readonly port?: number;
  /** Called with each line that a human at the terminal may want to know. Default: silence. */
  readonly log?: (line: string) => void;
}

/** A running server that this process owns until it stops it. */
export interface EmbeddedPostgres {
  /** postgres://postrider:<password>@127.0.0.1:<port>/postrider: holds a secret, not for logs. */
  readonly url: string;
  /** Where data, passwords and log really are. */
  readonly dataDir: string;
  /** The process id of the server's main process. */
  readonly pid: number;
  /** True when it was still running, because its last owner was killed. */
  readonly reused: boolean;
  /** Resolves with how the server ended, whoever ended it. */
  readonly ended: Promise<string>;
  /** Ends all sessions, waits until everything is on disk and the server is down. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts a real PostgreSQL on the loopback, or takes over the one that a killed owner left running on the same data.
 * @throws EmbeddedPostgresError; nothing that was started is left running
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  const log = options.log ?? (() => {});
  const account = await chooseAccount(await stat(join(dataDir, 'pgdata')).catch(() => null));
  const home = await findHome(dataDir, account);
  const ownership = claimOwnership(home.folder);
  try {
    await giveTo(account, join(home.folder, 'owner.lock'));
    await leaveForgotten(home, log);
    const { server, passwords, reused } = await bringUp(home.folder, account, options);
    log(
      `PostgreSQL ${reused ? 'was still running' : 'runs'} on 127.0.0.1:${server.port}, its data is in ${home.folder}`,
    );
    return handleOn(server, { url: databaseUrl(server.port, passwords), dataDir: home.folder, reused }, ownership);
  } catch (error) {
    ownership.release();
    throw error;
  }
}

/** Stops servers of deleted folders, which would run forever: nobody else looks for them. */
async function leaveForgotten({ forgotten }: Home, log: (line: string) => void): Promise<void> {
  for (const folder of forgotten) {
    log(`An earlier database of this folder is in ${folder}; delete it when you no longer need it`);
    const server = findRunning(join(folder, 'pgdata'));
    if (server !== null) await shutDown(server);
  }
}

interface BroughtUp {
  readonly server: OwnedServer;
  readonly passwords: Passwords;
  readonly reused: boolean;
}

async function bringUp(home: string, account: ServerAccount, options: EmbeddedPostgresOptions): Promise<BroughtUp> {
  const { settings = {}, port } = options;
  const pgdata = join(home, 'pgdata');
  const shelter = async () => (account.switched ? await findShelter(account) : home);
  const binaries = await prepareBinaries(findServerPackage(), account, shelter);
  const passwords = await ensureCluster({ home, binaries, account, durable: settings['fsync'] !== 'off' });
  const planFor = (port: number): Launch => ({
    program: binaries.postgres,
    args: serverArguments(pgdata, port, settings),
    account,
    pgdata,
    logFile: join(home, 'server.log'),
  });

  const running = findRunning(pgdata);
  if (running !== null) {
    const isAsWanted = commandOf(planFor(port ?? running.port)) === running.command;
    if (isAsWanted && (await answers(running.port, passwords)))
      return { server: adopt(running), passwords, reused: true };
    await shutDown(running, isAsWanted ? 5_000 : undefined);
  }
  const server = port === undefined ? await launchOnFreePort(home, planFor) : await launch(planFor(port));
  try {
    await ensureDatabase(server.port, passwords);
    rememberPort(home, server.port);
    return { server, passwords, reused: false };
  } catch (error) {
    await shutDown(server);
    throw error;
  }
}

function commandOf({ program, args }: Launch): string {
  return [program, ...args].join(' ');
}

/** Another program may take a free port before the server binds it. */
async function launchOnFreePort(home: string, planFor: (port: number) => Launch): Promise<OwnedServer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await launch(planFor(await choosePort(home)));
    } catch (error) {
      if (!(error instanceof PortTakenError) || tries === 5) throw error;
    }
  }
}

function handleOn(
  server: OwnedServer,
  facts: Pick<EmbeddedPostgres, 'url' | 'dataDir' | 'reused'>,
  ownership: Ownership,
): EmbeddedPostgres {
  let stopped: Promise<void> | null = null;
  const stop = async () => {
    try {
      await shutDown(server);
    } finally {
      ownership.release();
    }
  };
  return { ...facts, pid: server.pid, ended: server.ended, stop: () => (stopped ??= stop()) };
}
