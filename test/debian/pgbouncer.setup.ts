import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { onTestFinished } from 'vitest';
import { freePort } from '../support/free-port.js';
import { makeTestFolder, removeTestFolder } from '../support/test.folder.js';

const BINARY = 'pgbouncer';

/** Debian's nobody: PgBouncer refuses to run as root. */
const NOBODY = 65_534;

export interface PgBouncer {
  /** The given database, through the pooler. */
  readonly url: string;
  /** One of the tables of its own console, such as `SHOW POOLS`. */
  show(what: string): Promise<Record<string, unknown>[]>;
}

/**
 * Debian's PgBouncer before a test database, with transaction pooling: whoever begins a transaction gets any of
 * `poolSize` server connections, until the transaction is over.
 */
export async function startPgBouncer(databaseUrl: string, poolSize: number): Promise<PgBouncer> {
  const server = new URL(databaseUrl);
  const port = await freePort();
  const folder = await makeTestFolder();
  onTestFinished(() => removeTestFolder(folder));
  const [ini, users] = [join(folder, 'pgbouncer.ini'), join(folder, 'users.txt')];
  await writeFile(users, `"${server.username}" "${decodeURIComponent(server.password)}"\n`, { mode: 0o600 });
  await writeFile(
    ini,
    `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
admin_users = ${server.username}
pool_mode = transaction
default_pool_size = ${poolSize}
`,
  );
  const asNobody = process.geteuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if ('uid' in asNobody) await chown(users, NOBODY, NOBODY);
  await run(ini, asNobody);

  const pooled = new URL(databaseUrl);
  pooled.port = String(port);
  const console = new URL(pooled);
  console.pathname = '/pgbouncer';
  await untilAnswers(pooled.href);
  return { url: pooled.href, show: (what) => ask(console.href, `SHOW ${what}`) };
}

async function run(ini: string, as: { uid?: number; gid?: number }): Promise<void> {
  const child = spawn(BINARY, ['--quiet', ini], {
    ...as,
    // Debian keeps it where only root looks for programs.
    env: { PATH: `${process.env['PATH']}:/usr/sbin` },
    stdio: 'ignore',
  });
  const exited = once(child, 'exit');
  exited.catch(() => {});
  try {
    await once(child, 'spawn');
  } catch {
    throw new Error("pgbouncer is not installed. It is in Debian's package pgbouncer: apt-get install it.");
  }
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await exited;
  });
}

async function untilAnswers(url: string): Promise<void> {
  for (const end = performance.now() + 10_000; ; await sleep(50)) {
    try {
      await ask(url, 'SELECT 1');
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
    }
  }
}

async function ask(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}
