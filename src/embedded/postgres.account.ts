import { execFile } from 'node:child_process';
import { chown } from 'node:fs/promises';
import { codeOf, EmbeddedPostgresError } from './postgres.error.js';

const USER = 'postgres';

/** Two ways to create a system user: shadow-utils (most of Linux), then BusyBox. */
const WAYS_TO_ADD_A_USER = [
  ['useradd', '--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin'],
  ['adduser', '-S', '-D', '-H', '-s', '/sbin/nologin'],
] as const;

/** The operating-system user that runs the server. */
export interface ServerAccount {
  readonly uid: number;
  readonly gid: number;
  /** True when Node runs as root and the server has to run as someone else. */
  readonly switched: boolean;
}

/** A program's output and exit status; `status` is null if it could not be started or was killed. */
export interface ProgramResult {
  readonly status: number | null;
  readonly output: string;
}

/**
 * The account that runs the server: that of Node, except that PostgreSQL refuses root. For root it is the owner of
 * existing data, so that a `sudo npm start` does not lock its user out, else the user `postgres`, created if absent.
 * @param dataOwner uid and gid of an existing data folder
 * @throws EmbeddedPostgresError if there is no user to switch to
 */
export async function chooseAccount(dataOwner: { uid: number; gid: number } | null): Promise<ServerAccount> {
  const uid = process.geteuid?.() ?? -1;
  if (uid !== 0) return { uid, gid: process.getegid?.() ?? -1, switched: false };
  const isOwned = dataOwner !== null && dataOwner.uid !== 0;
  const account = isOwned ? { uid: dataOwner.uid, gid: dataOwner.gid, switched: true } : await systemUser(USER);
  const { status, output } = await run('/bin/sh', ['-c', ':'], account);
  if (status === 0) return account;
  throw new EmbeddedPostgresError({
    what: `PostgreSQL refuses to run as root, and root may not switch to the user with id ${account.uid} here: ${output}`,
    advice: 'run Postrider as an ordinary user, or set DATABASE_URL to a PostgreSQL of yours.',
  });
}

/** The user of that name, created as a system user if absent. Needs root. */
async function systemUser(name: string): Promise<ServerAccount> {
  const known = await lookUp(name);
  if (known !== null) return known;
  for (const [program, ...args] of WAYS_TO_ADD_A_USER) {
    await run(program, [...args, name]);
    const made = await lookUp(name);
    if (made !== null) return made;
  }
  throw new EmbeddedPostgresError({
    what: `PostgreSQL refuses to run as root, and the system user "${name}" it would run as could not be made.`,
    advice: `run Postrider as an ordinary user, make the user "${name}", or set DATABASE_URL to a PostgreSQL of yours.`,
  });
}

async function lookUp(name: string): Promise<ServerAccount | null> {
  const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
  if (uid.status !== 0 || gid.status !== 0) return null;
  return { uid: Number(uid.output), gid: Number(gid.output), switched: true };
}

/** The spawn options that make a program run as the account: none if Node already does. */
export function identityOf(account: ServerAccount): { uid?: number; gid?: number } {
  return account.switched ? { uid: account.uid, gid: account.gid } : {};
}

/** Passes on only PATH: the environment holds secrets, and PGDATA or LD_LIBRARY_PATH would mislead the server. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

/** Runs a program to its end, as the account if one is given. Never throws. */
export async function run(program: string, args: readonly string[], account?: ServerAccount): Promise<ProgramResult> {
  const identity = account === undefined ? {} : identityOf(account);
  const options = { cwd: '/', env: serverEnvironment(), ...identity };
  try {
    return await new Promise((resolve) => {
      execFile(program, [...args], options, (error, stdout, stderr) => {
        const code = error === null ? 0 : codeOf(error);
        const said = `${stdout}${stderr}`.trim();
        const status = typeof code === 'number' ? code : null;
        resolve({ status, output: said === '' && error !== null ? error.message : said });
      });
    });
  } catch (error) {
    // Node throws instead of calling back if it may not become that user.
    return { status: null, output: String(error) };
  }
}

/** Whether the account can really enter the folder. Tried, not computed: modes, ACLs and mounts all have a say. */
export async function canEnter(folder: string, account: ServerAccount): Promise<boolean> {
  const { status } = await run('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], account);
  return status === 0;
}

/** Gives a file or folder that root made to the account. */
export async function giveTo(account: ServerAccount, path: string): Promise<void> {
  if (account.switched) await chown(path, account.uid, account.gid);
}
