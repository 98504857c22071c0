import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { adminKeyFile, keptAdminKey } from '../src/embedded/admin-key.file.js';
import { publicFolder } from './support/embedded-postgres.js';

const PROGRAM = fileURLToPath(new URL('../dist/src/main.js', import.meta.url));

describe('a start with a wrong environment', () => {
  it('ends with exit code 1 and names the variable, not its value, and starts nothing', async () => {
    const folder = await publicFolder();
    const dataDir = join(folder, 'data');
    const child = spawn(process.execPath, [PROGRAM], {
      env: { PATH: process.env['PATH'] ?? '', DATA_DIR: dataDir, ADMIN_API_KEY: 'my-secret', PORT: 'eighty' },
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const said = Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
    const exitCode = await new Promise((resolve) => child.once('exit', resolve));
    const [stdout, stderr] = (await said).map((chunks) => chunks.join(''));
    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      'The environment needs a correction:\n' +
        '  PORT: expected a whole number from 0 to 65535\n' +
        '  ADMIN_API_KEY: expected a secret of 20 to 512 printable ASCII characters, no space at either end\n',
    );
    expect(existsSync(dataDir)).toBe(false);
  });
});

it('the admin key of a start without one is made once, and only its owner may read it', async () => {
  const folder = await publicFolder();
  const key = await keptAdminKey(folder);
  expect(key).toMatch(/^pr_admin_.{32}$/);
  expect((await stat(adminKeyFile(folder))).mode & 0o777).toBe(0o600);
  expect(await keptAdminKey(folder)).toBe(key);
  expect(await keptAdminKey(await publicFolder())).not.toBe(key);
});
