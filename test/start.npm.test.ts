import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { createMigratedDatabase } from './support/postgres.js';
import { PROGRAM_ENV } from './support/process.js';
import { freePort } from './support/free-port.js';
import { ADMIN_KEY, ApiClient } from './support/service.js';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** `npm start` in a process group of its own, on what is built already, with a request in flight. */
async function startByNpm() {
  const database = await createMigratedDatabase();
  onTestFinished(() => database.drop());
  const port = await freePort();
  const child = spawn('npm', ['start', '--ignore-scripts'], {
    cwd: PROJECT,
    detached: true,
    env: {
      ...PROGRAM_ENV,
      DATABASE_URL: database.url,
      PORT: String(port),
      ADMIN_API_KEY: ADMIN_KEY,
      TWILIO_TIMEOUT_MS: '5000',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = child.pid ?? 0;
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const exited = once(child, 'close').then(() => child.exitCode);
  onTestFinished(async () => {
    endGroup(pid);
    await exited;
  });
  await expect.poll(() => said, { timeout: 90_000 }).toContain('Ctrl-C stops everything');
  const api = new ApiClient(`http://127.0.0.1:${port}`, ADMIN_KEY);
  // Not answered the first time.
  await api.untilStatus(await api.send({ to: '+15005551408', channels: ['sms'], body: 'Hello' }), 'sending');
  return { pid, said: () => said, exited };
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it is gone, as it should be.
  }
}

it.each([
  ['npm alone, as by a supervisor', (pid: number) => process.kill(pid, 'SIGTERM')],
  // The service hears of it from the terminal and from npm.
  ['all of the process group, as by Ctrl-C', (pid: number) => process.kill(-pid, 'SIGINT')],
])('npm start finishes what is in flight and ends when a signal comes to %s', async (_, signal) => {
  const { pid, said, exited } = await startByNpm();
  signal(pid);
  expect(await exited).toBe(0);
  expect(said()).toMatch(/Stopping: finishing what is in flight.*Stopped\./s);
});
