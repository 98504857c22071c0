import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { chooseAccount, identityOf } from '../src/embedded/postgres.account.js';
import { findRunning } from '../src/embedded/postgres.process.js';
import {
  FAST,
  forgePidFile,
  publicFolder,
  queryOne,
  spawnOwner,
  start,
  shareUsedDataDir,
} from './support/embedded-postgres.js';

const usedDataDir = shareUsedDataDir();

let dataDir: string;
beforeEach(async () => {
  dataDir = await usedDataDir();
});

describe('after its owner was killed with -9', () => {
  it('the server lives on and the next start uses it again', async () => {
    const owner = spawnOwner(dataDir);
    const { url, serverPid } = await owner.says();
    process.kill(owner.pid, 'SIGKILL');
    await owner.exited;

    const heir = spawnOwner(dataDir);

    expect(await heir.says()).toEqual({ event: 'started', url, serverPid, reused: true });
  });

  it('a start that asks for other settings gets a server with those', async () => {
    const owner = spawnOwner(dataDir);
    const { serverPid } = await owner.says();
    process.kill(owner.pid, 'SIGKILL');
    await owner.exited;

    const postgres = await start({ dataDir, settings: { ...FAST, max_connections: '17' } });

    expect(postgres).toMatchObject({ reused: false });
    expect(postgres.pid).not.toBe(serverPid);
    expect(await queryOne(postgres.url, 'SHOW max_connections')).toBe('17');
  });

  it('a server that no longer answers is replaced', async () => {
    const owner = spawnOwner(dataDir);
    const { serverPid } = await owner.says();
    process.kill(owner.pid, 'SIGKILL');
    await owner.exited;
    process.kill(Number(serverPid), 'SIGSTOP');

    const heir = spawnOwner(dataDir);

    const said = await heir.says();
    expect(said).toMatchObject({ event: 'started', reused: false });
    expect(said['serverPid']).not.toBe(serverPid);
  });

  it('and the server too, the next start recovers what was committed', async () => {
    const owner = spawnOwner(dataDir);
    const { url, serverPid } = await owner.says();
    await queryOne(String(url), 'CREATE TABLE kept AS SELECT 42 AS answer');
    process.kill(owner.pid, 'SIGKILL');
    process.kill(Number(serverPid), 'SIGKILL');
    await owner.exited;

    const postgres = await start({ dataDir });

    expect(postgres.reused).toBe(false);
    expect(await queryOne(postgres.url, 'SELECT answer FROM kept')).toBe(42);
  });
});

describe('a stale postmaster.pid', () => {
  it('is no obstacle when its process is gone', async () => {
    const first = await start({ dataDir });
    await first.stop();
    const gone = spawn('true');
    await once(gone, 'exit');
    await forgePidFile(first.dataDir, gone.pid ?? 0);

    await expect(start({ dataDir })).resolves.toMatchObject({ reused: false });
  });

  it('is no obstacle, and no reason to stop anything, when its pid belongs to another program by now', async () => {
    const first = await start({ dataDir });
    await first.stop();
    const stranger = spawn('sleep', ['60'], { cwd: '/', ...identityOf(await chooseAccount(null)) });
    onTestFinished(() => void stranger.kill());
    await forgePidFile(first.dataDir, stranger.pid ?? 0, Number(new URL(first.url).port));

    await expect(start({ dataDir })).resolves.toMatchObject({ reused: false });
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  });
});

describe('of two starts on one folder', () => {
  it('the second is refused by name while the first lives, and the server is not touched', async () => {
    const owner = spawnOwner(dataDir);
    const { url } = await owner.says();

    await expect(start({ dataDir })).rejects.toThrow(`Process ${owner.pid} already uses the embedded PostgreSQL`);

    expect(await queryOne(String(url), 'SELECT 1')).toBe(1);
  });

  it('exactly one wins when they start at the same moment, also the very first time', async () => {
    const unused = join(await publicFolder(), 'data');
    const contenders = [spawnOwner(unused), spawnOwner(unused), spawnOwner(unused)];

    const said = await Promise.all(contenders.map(async (contender) => await contender.says()));

    expect(said.map(({ event }) => event).toSorted()).toEqual(['refused', 'refused', 'started']);
    expect(said.filter(({ event }) => event === 'refused').every(({ isKind }) => isKind)).toBe(true);
    const url = said.find(({ event }) => event === 'started')?.['url'];
    expect(await queryOne(String(url), 'SELECT 1')).toBe(1);
  });

  it('the second gets the folder once the first has stopped', async () => {
    const first = await start({ dataDir });
    await expect(start({ dataDir })).rejects.toThrow(`Process ${process.pid} already uses`);
    await first.stop();

    await expect(start({ dataDir })).resolves.toMatchObject({ reused: false });
  });
});

it('survives a Ctrl-C in the terminal until its owner has drained and stops it', async () => {
  const owner = spawnOwner(dataDir);
  await owner.says();

  process.kill(-owner.pid, 'SIGINT');

  expect(await owner.says()).toEqual({ event: 'drained' });
  expect(await owner.says()).toEqual({ event: 'stopped' });
  expect(findRunning(join(dataDir, 'pgdata'))).toBeNull();
  await owner.exited;
});
