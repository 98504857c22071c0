import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, mkdtemp, readdir, realpath, rm, rmdir, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { canEnter, type ServerAccount } from './postgres.account.js';
import { codeOf, EmbeddedPostgresError } from './postgres.error.js';

/** Where data and binaries go if the account that runs the server cannot enter the requested folder. */
const SHELTERS = ['/var/lib/postrider', join(tmpdir(), 'postrider')] as const;

/** The folder that holds everything of one server: `pgdata`, passwords, log, lock and port. */
export interface Home {
  /** The real path, without links. */
  readonly folder: string;
  /** Earlier homes of the same folder, which has been deleted since. They keep their data until a human removes it. */
  readonly forgotten: readonly string[];
}

/**
 * The requested folder, created if absent; if the account cannot enter it, a folder in a shelter, to which the
 * requested one becomes a link.
 * @throws EmbeddedPostgresError if neither is possible
 */
export async function findHome(
  dataDir: string,
  account: ServerAccount,
  shelter: () => Promise<string> = () => findShelter(account),
): Promise<Home> {
  let forgotten: readonly string[] = [];
  for (let tries = 0; tries < 10; tries += 1) {
    await dropDeadLink(dataDir);
    await makeFolder(dataDir).catch((error: unknown) => {
      throw cannotUse(dataDir, 'could not be made', error);
    });
    const folder = await realpath(dataDir).catch((error: unknown) => {
      // Another start is just replacing it with its link.
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    });
    if (folder === null) continue;
    if (!account.switched || (await canEnter(folder, account))) return { folder, forgotten };
    forgotten = await linkTo(await shelter(), dataDir);
  }
  throw cannotUse(dataDir, 'cannot be entered by the user that runs the server');
}

/**
 * Creates a folder and its parents. Step by step, since Node's own recursion never ends if an existing folder claims
 * not to exist, as /proc does.
 */
async function makeFolder(folder: string): Promise<void> {
  if ((await stat(folder).catch(() => null))?.isDirectory()) return;
  if (dirname(folder) !== folder) await makeFolder(dirname(folder));
  await mkdir(folder).catch(async (error: unknown) => {
    const other = await stat(folder).catch(() => null);
    // Another start was faster, or has just removed it again to put its link there.
    if (codeOf(error) !== 'EEXIST' || other?.isDirectory() === false) throw error;
  });
}

/** A link outlives its target if /var/lib is discarded with a container: the data is gone, so start anew. */
async function dropDeadLink(dataDir: string): Promise<void> {
  const link = await lstat(dataDir).catch(() => null);
  if (link?.isSymbolicLink() !== true) return;
  const target = await stat(dataDir).catch(() => null);
  if (target === null) await rm(dataDir, { force: true });
}

/**
 * Replaces the empty requested folder with a link to a new home. If another start is faster, its link stays.
 * @returns the homes that were made for this folder before
 */
async function linkTo(shelter: string, dataDir: string): Promise<readonly string[]> {
  await rmdir(dataDir).catch((error: unknown) => {
    if (codeOf(error) === 'ENOTEMPTY')
      throw cannotUse(dataDir, 'holds files that the user of the server cannot reach', error);
  });
  const family = join(shelter, createHash('sha256').update(dataDir).digest('hex').slice(0, 16));
  await makeFolder(family);
  await chmod(family, 0o755);
  const forgotten = await readdir(family);
  const home = await mkdtemp(join(family, 'home-'));
  await chmod(home, 0o755);
  try {
    await symlink(home, dataDir);
    return forgotten.map((name) => join(family, name));
  } catch (error) {
    await rmdir(home);
    if (codeOf(error) === 'EEXIST') return [];
    throw error;
  }
}

/**
 * The first shelter that only this user may write and that the account can enter.
 * @throws EmbeddedPostgresError if there is none
 */
export async function findShelter(account: ServerAccount): Promise<string> {
  for (const shelter of SHELTERS) {
    const isOurs = await makeOurs(shelter).catch(() => false);
    if (isOurs && (await canEnter(shelter, account))) return shelter;
  }
  throw new EmbeddedPostgresError({
    what: `The embedded PostgreSQL's user cannot enter the project's folder, and neither ${SHELTERS.join(' nor ')} can be used instead.`,
    advice: 'make /var/lib writable, move the project out of the private folder, or set DATABASE_URL.',
  });
}

/** In a public folder like /tmp a stranger may have been faster: nothing is run from a folder that others can write. */
async function makeOurs(folder: string): Promise<boolean> {
  await makeFolder(folder);
  const { uid, mode } = await lstat(folder);
  if (uid !== process.geteuid?.() || (mode & 0o022) !== 0) return false;
  await chmod(folder, 0o755);
  return true;
}

function cannotUse(dataDir: string, why: string, cause?: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    {
      what: `The embedded PostgreSQL's folder ${dataDir} ${why}.`,
      advice: 'make it and its parents accessible, choose another folder, or set DATABASE_URL.',
    },
    { cause },
  );
}
