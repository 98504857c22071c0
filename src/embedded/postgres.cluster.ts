import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { giveTo, run, type ServerAccount } from './postgres.account.js';
import type { ServerBinaries } from './postgres.binaries.js';
import { EmbeddedPostgresError } from './postgres.error.js';

/** The superuser that initdb creates; Postrider itself uses the plain role `postrider`. */
export const SUPERUSER = 'postgres';

const PASSWORDS_JSON = z.object({ [SUPERUSER]: z.string(), postrider: z.string() });

/** Created at the first start and kept beside the data, readable by the owner only. */
export type Passwords = Readonly<z.infer<typeof PASSWORDS_JSON>>;

/** Where a cluster is created, with what and as whom. */
export interface ClusterPlan {
  readonly home: string;
  readonly binaries: ServerBinaries;
  readonly account: ServerAccount;
  /** False for data that is thrown away anyway: nothing is forced to disk while the cluster is created. */
  readonly durable: boolean;
}

/**
 * Creates the cluster (`pgdata`) at the first start; a later start checks that the binaries fit it. An interrupted
 * first start leaves nothing that a later one would take for a cluster.
 * @throws EmbeddedPostgresError if the data is of another major version, foreign, or without its passwords, or these
 *   are damaged
 */
export async function ensureCluster(plan: ClusterPlan): Promise<Passwords> {
  const pgdata = join(plan.home, 'pgdata');
  const dataVersion = await readFile(join(pgdata, 'PG_VERSION'), 'utf8').catch(() => null);
  const passwordFile = join(plan.home, 'passwords.json');
  if (dataVersion === null) {
    const passwords = (await readPasswords(passwordFile)) ?? (await makePasswords(passwordFile));
    await makeCluster(plan, pgdata, passwords);
    return passwords;
  }
  checkVersion(dataVersion.trim(), plan.binaries.majorVersion, plan.home);
  const passwords = await readPasswords(passwordFile);
  if (passwords !== null) return passwords;
  throw new EmbeddedPostgresError({
    what: `The embedded PostgreSQL's passwords (${passwordFile}) are missing or unreadable, its data is there.`,
    advice:
      'bring the file back or run as the user that owns it; move the folder away to start with an empty database.',
  });
}

function checkVersion(ofData: string, ofBinaries: string, home: string): void {
  if (ofData === ofBinaries) return;
  throw new EmbeddedPostgresError({
    what: `The data in ${home} was written by PostgreSQL ${ofData}; this release of Postrider brings PostgreSQL ${ofBinaries}.`,
    advice: `dump it with the release that wrote it and restore it, or point DATABASE_URL to a PostgreSQL ${ofData} on a copy.`,
  });
}

async function readPasswords(file: string): Promise<Passwords | null> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  const passwords = PASSWORDS_JSON.safeParse(parsed(text));
  if (passwords.success) return passwords.data;
  throw new EmbeddedPostgresError({
    what: `The embedded PostgreSQL's passwords (${file}) are damaged.`,
    advice: `bring the file back; or move ${dirname(file)} away to start with an empty database.`,
  });
}

/** @returns null for text that is not JSON; the error of the parser would quote it */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function makePasswords(file: string): Promise<Passwords> {
  const secret = () => randomBytes(24).toString('base64url');
  const passwords: Passwords = { [SUPERUSER]: secret(), postrider: secret() };
  await rm(`${file}.new`, { force: true });
  await writeFile(`${file}.new`, `${JSON.stringify(passwords)}\n`, { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
  return passwords;
}

/** Creates the cluster aside and moves it into place when complete. */
async function makeCluster(plan: ClusterPlan, pgdata: string, passwords: Passwords): Promise<void> {
  const workshop = join(plan.home, 'pgdata.new');
  await rm(workshop, { recursive: true, force: true });
  await mkdir(workshop);
  await chmod(workshop, 0o700);
  await giveTo(plan.account, workshop);
  try {
    await runInitdb(plan, workshop, passwords[SUPERUSER]);
    await rename(join(workshop, 'pgdata'), pgdata).catch((error: unknown) => {
      throw new EmbeddedPostgresError(
        {
          what: `The folder ${pgdata} holds files, but no PostgreSQL data.`,
          advice: 'move it away, or choose another folder.',
        },
        { cause: error },
      );
    });
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

/** The builtin C.UTF-8 sorts alike on every machine and does not depend on the operating system's locales. */
async function runInitdb(
  { binaries, account, durable }: ClusterPlan,
  workshop: string,
  password: string,
): Promise<void> {
  const passwordFile = join(workshop, 'password');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  await giveTo(account, passwordFile);
  const args = [
    `--pgdata=${join(workshop, 'pgdata')}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--data-checksums',
    '--no-instructions',
    ...(durable ? [] : ['--no-sync']),
  ];
  const { status, output } = await run(binaries.initdb, args, account);
  if (status === 0) return;
  throw new EmbeddedPostgresError({
    what: 'The data folder of the embedded PostgreSQL could not be made: initdb failed.',
    logTail: output.split('\n').slice(-20),
    advice: 'repair what its output says, or set DATABASE_URL to a PostgreSQL of yours.',
  });
}
