import { chmod, chown, cp, lstat, mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { chooseAccount, run, type ServerAccount } from '../src/embedded/postgres.account.js';
import { findServerPackage, prepareBinaries, type ServerPackage } from '../src/embedded/postgres.binaries.js';
import { findHome } from '../src/embedded/postgres.home.js';
import { IS_ROOT, publicFolder, queryOne, start, shareUsedDataDir, userOf } from './support/embedded-postgres.js';
import { removeTestFolder } from './support/test.folder.js';

const usedDataDir = shareUsedDataDir();

const NOBODY = { uid: 65_534, gid: 65_534 };

let folder: string;
let account: ServerAccount;
beforeEach(async () => {
  folder = await publicFolder();
  account = await chooseAccount(null);
});

describe('a project in a folder that only its owner may enter', () => {
  it('gets a server all the same, and keeps its data in it', async () => {
    const privateFolder = join(folder, 'private');
    await mkdir(privateFolder, { mode: 0o700 });
    const dataDir = join(privateFolder, 'data');

    const first = await start({ dataDir });
    onTestFinished(async () => {
      if (IS_ROOT) await removeTestFolder(dirname(first.dataDir));
    });
    await queryOne(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    const second = await start({ dataDir });

    expect(await queryOne(second.url, 'SELECT answer FROM kept')).toBe(42);
    expect(second.dataDir).toBe(await realpath(dataDir));
    const isElsewhere = (await lstat(dataDir)).isSymbolicLink();
    expect(isElsewhere, 'only root needs another user, who cannot enter').toBe(IS_ROOT);
    expect(userOf(second.pid)).toBe(account.uid);
  });

  it('leads to one home, however many starts look for it at once', async () => {
    const { dataDir, shelter } = await privateProject();

    const homes = await Promise.all([1, 2, 3].map(async () => await findHome(dataDir, account, shelter)));

    const [home] = homes;
    expect(homes.every((other) => other.folder === home?.folder)).toBe(true);
    expect(home?.folder).toBe(await realpath(dataDir));
    expect(home?.folder.startsWith(await realpath(await shelter()))).toBe(IS_ROOT);
  });

  it('starts empty when its folder was deleted, and says where the earlier data is', async () => {
    const { dataDir, shelter } = await privateProject();
    const before = await findHome(dataDir, account, shelter);
    await rm(dataDir, { recursive: true });

    const after = await findHome(dataDir, account, shelter);

    expect(after.forgotten).toEqual(IS_ROOT ? [before.folder] : []);
    expect(await readdir(after.folder)).toEqual([]);
  });

  it('starts empty when the place its link leads to is gone', async () => {
    const { dataDir, shelter } = await privateProject();
    const before = await findHome(dataDir, account, shelter);
    await rm(before.folder, { recursive: true });

    const after = await findHome(dataDir, account, shelter);

    expect(await readdir(after.folder)).toEqual([]);
    expect(after.folder).toBe(await realpath(dataDir));
    expect(after.folder === before.folder, 'only a link has a place it leads to').toBe(!IS_ROOT);
  });

  async function privateProject() {
    const privateFolder = join(folder, 'private');
    const shelter = join(folder, 'shelter');
    await mkdir(privateFolder, { mode: 0o700 });
    await mkdir(shelter);
    return { dataDir: join(privateFolder, 'data'), shelter: async () => shelter };
  }
});

describe('the user that runs the server', () => {
  it('is whoever runs Node, except for root: then it is the owner of the data that is there', async () => {
    const dataDir = await usedDataDir();
    const owner = IS_ROOT ? NOBODY : { uid: account.uid, gid: account.gid };
    const pgdata = join(dataDir, 'pgdata');
    for (const name of ['', ...(await readdir(pgdata, { recursive: true }))]) {
      await chown(join(pgdata, name), owner.uid, owner.gid);
    }

    const second = await start({ dataDir });

    expect(userOf(second.pid)).toBe(owner.uid);
    expect(userOf(second.pid)).not.toBe(0);
  });
});

describe('the binaries', () => {
  it('get the library links that an installation without scripts lacks', async () => {
    const bare = await packageWithoutLinks(folder);
    expect((await run(join(bare.folder, 'native/bin/postgres'), ['--version'])).status).not.toBe(0);

    const binaries = await prepareBinaries(bare, account, noShelter);

    expect(binaries.postgres).toBe(join(bare.folder, 'native/bin/postgres'));
    expect((await run(binaries.postgres, ['--version'], account)).output).toContain(
      `PostgreSQL) ${binaries.majorVersion}.`,
    );
  });

  it('are copied, once, where they cannot be run or repaired in place', async () => {
    const [closed, shelter] = [join(folder, 'closed'), join(folder, 'shelter')];
    await mkdir(closed);
    await mkdir(shelter);
    const source = await packageWithoutLinks(closed);
    // Root may write anywhere, but the server's user cannot enter; everybody else is kept from making the links.
    if (IS_ROOT) await chmod(closed, 0o700);
    else await chmod(join(source.folder, 'native/lib'), 0o500);
    onTestFinished(async () => await chmod(join(source.folder, 'native/lib'), 0o700));

    const prepare = async () => await prepareBinaries(source, account, async () => shelter);
    const [one, other] = await Promise.all([prepare(), prepare()]);
    const later = await prepareBinaries(source, account, async () => shelter);

    expect(one.postgres.startsWith(shelter)).toBe(true);
    expect([other, later]).toEqual([one, one]);
    expect((await run(one.postgres, ['--version'], account)).status).toBe(0);
    expect(await readdir(shelter), 'nothing unfinished stays behind').toHaveLength(1);
  });

  it.each(['win32-x64', 'linux-riscv64'])('are said to be missing on %s, with the way out', (platform) => {
    expect(() => findServerPackage(platform)).toThrow(/No embedded PostgreSQL .*What to do: set DATABASE_URL/s);
  });

  async function packageWithoutLinks(parent: string): Promise<ServerPackage> {
    const installed = findServerPackage();
    const bare = join(parent, 'package');
    const filter = async (path: string) => !(await lstat(path)).isSymbolicLink();
    await cp(installed.folder, bare, { recursive: true, filter });
    return { ...installed, folder: bare };
  }

  async function noShelter(): Promise<string> {
    throw new Error('nothing needs to be copied');
  }
});
