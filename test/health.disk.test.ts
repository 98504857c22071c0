import { symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { configure } from '../src/config/configuration.js';
import { readEnvironment } from '../src/config/read-environment.js';
import { DiskIndicator } from '../src/health/disk.indicator.js';
import { makeTestFolder, removeTestFolder } from './support/test.folder.js';

/** A file system without any room, on any machine. */
const FULL = process.platform === 'linux' ? '/proc' : '/dev';

function diskOf(env: Record<string, string>): DiskIndicator {
  const twilio = {
    accountSid: `AC${'0'.repeat(32)}`,
    authToken: 'secret',
    baseUrl: '',
    statusUrl: '',
    simulated: true,
    senders: {},
  };
  const surroundings = { databaseUrl: '', adminApiKey: null, twilio };
  return new DiskIndicator(configure(readEnvironment(env), surroundings, 'http://127.0.0.1:3000'));
}

/** A DATA_DIR whose database is really elsewhere, as for root in a folder that others cannot enter. */
async function dataDirOn(place: string): Promise<string> {
  const folder = await makeTestFolder();
  onTestFinished(() => removeTestFolder(folder));
  await symlink(place, join(folder, 'postgres'));
  return folder;
}

it('the disk that the embedded database is really on is down before PostgreSQL can write no more', async () => {
  const full = await diskOf({ DATA_DIR: await dataDirOn(FULL) }).check();
  expect(full).toMatchObject({ up: false, details: { freeBytes: 0 } });
  const { up, details } = await diskOf({ DATA_DIR: await dataDirOn(tmpdir()) }).check();
  expect(up).toBe(Number(details?.['freeBytes']) >= 512 * 1024 * 1024);
});

it('the disk of a database elsewhere is watched where it is', () => {
  expect(diskOf({}).watches).toBe(true);
  expect(diskOf({ DATABASE_URL: 'postgres://db.example/postrider' }).watches).toBe(false);
});
