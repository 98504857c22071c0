import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EmbeddedPostgresError } from '../src/embedded/postgres.error.js';
import { findRunning } from '../src/embedded/postgres.process.js';
import { startEmbeddedPostgres } from '../src/embedded/postgres.server.js';
import { FAST, publicFolder, start, shareUsedDataDir } from './support/embedded-postgres.js';

const usedDataDir = shareUsedDataDir();

const unusedDataDir = async () => join(await publicFolder(), 'data');

it('a start that fails tells what the server said and what to do, and leaves the folder free for the next', async () => {
  const dataDir = await usedDataDir();
  const settings = { ...FAST, shared_buffers: 'a lot' };

  const error = await failureOf(startEmbeddedPostgres({ dataDir, settings }));

  expect(error.message).toMatch(/could not be started.*invalid value for parameter "shared_buffers".*What to do: /s);
  expect(error.message).toContain('a lot');
  await expect(start({ dataDir })).resolves.toMatchObject({ reused: false });
});

it('a server that came up but does not let Postrider in is stopped again', async () => {
  const dataDir = await usedDataDir();
  const first = await start({ dataDir });
  await first.stop();
  const strange = JSON.stringify({ postgres: 'of another cluster', postrider: 'of another cluster' });
  await writeFile(join(first.dataDir, 'passwords.json'), strange);

  const error = await failureOf(startEmbeddedPostgres({ dataDir, settings: FAST }));

  expect(error.message).toMatch(/does not let Postrider in.*passwords\.json/s);
  expect(findRunning(join(first.dataDir, 'pgdata'))).toBeNull();
});

it('data without its passwords is refused, not replaced', async () => {
  const dataDir = await usedDataDir();
  const first = await start({ dataDir });
  await first.stop();
  const passwords = join(first.dataDir, 'passwords.json');
  await rename(passwords, `${passwords}.lost`);

  const error = await failureOf(startEmbeddedPostgres({ dataDir }));

  expect(error.message).toContain('are missing or unreadable, its data is there');
  await rename(`${passwords}.lost`, passwords);
  await expect(start({ dataDir })).resolves.toMatchObject({ url: first.url });
});

it.each([
  ['cut off', '{"postgres":"secr'],
  ['empty', ''],
  ['without one of them', '{"postgres":"secret"}'],
])('passwords that are damaged are named with the way out, not quoted: %s', async (_, damaged) => {
  const dataDir = await usedDataDir();
  const first = await start({ dataDir });
  await first.stop();
  const passwords = join(first.dataDir, 'passwords.json');
  await writeFile(passwords, damaged);

  const error = await failureOf(startEmbeddedPostgres({ dataDir }));

  expect(error.message).toContain(`passwords (${passwords}) are damaged`);
  expect(error.message).toMatch(/What to do: bring the file back/);
  expect(error.message).not.toContain('secr');
});

it('data of another major version is refused by name', async () => {
  const dataDir = await unusedDataDir();
  await mkdir(join(dataDir, 'pgdata'), { recursive: true });
  await writeFile(join(dataDir, 'pgdata', 'PG_VERSION'), '15\n');

  const error = await failureOf(startEmbeddedPostgres({ dataDir }));

  expect(error.message).toMatch(/written by PostgreSQL 15; this release of Postrider brings PostgreSQL \d+/);
});

it('a folder of somebody else is refused, not written over', async () => {
  const dataDir = await unusedDataDir();
  await mkdir(join(dataDir, 'pgdata'), { recursive: true });
  const thesis = join(dataDir, 'pgdata', 'thesis.txt');
  await writeFile(thesis, 'years of work');

  const error = await failureOf(startEmbeddedPostgres({ dataDir, settings: FAST }));

  expect(error.message).toContain('holds files, but no PostgreSQL data');
  expect(await readFile(thesis, 'utf8')).toBe('years of work');
});

it('an interrupted first start is repeated by the next', async () => {
  const dataDir = await unusedDataDir();
  await mkdir(join(dataDir, 'pgdata.new', 'pgdata', 'base'), { recursive: true });
  await writeFile(join(dataDir, 'pgdata.new', 'pgdata', 'PG_VERSION'), '18\n');

  await expect(start({ dataDir })).resolves.toMatchObject({ reused: false });
  await expect(rm(join(dataDir, 'pgdata.new'))).rejects.toMatchObject({ code: 'ENOENT' });
});

async function failureOf(attempt: Promise<unknown>): Promise<EmbeddedPostgresError> {
  const error: unknown = await attempt.then(
    () => null,
    (error: unknown) => error,
  );
  if (error instanceof EmbeddedPostgresError) return error;
  throw new Error('no EmbeddedPostgresError', { cause: error });
}
