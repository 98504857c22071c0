import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { freePort } from './free-port.js';

const PROGRAM = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));

/** What every program gets besides its own variables. It compiles nothing that an earlier one has, as with `npm start`. */
export const PROGRAM_ENV = {
  PATH: process.env['PATH'] ?? '',
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/compile', import.meta.url)),
};

export interface ServiceProcess {
  readonly pid: number;
  readonly url: string;
  /** Everything it said so far. */
  output(): string;
  /** Ends it the hard way; nothing is finished, nothing released. */
  kill(): Promise<void>;
  /** Asks it to stop and answers its exit code. */
  terminate(): Promise<number | null>;
}

/** The built service as a process of its own, ready to serve, on a free port or `PORT`; killed after the test if it still runs. */
export async function startServiceProcess(env: Record<string, string>): Promise<ServiceProcess> {
  const port = env['PORT'] ?? (await freePort());
  const child = spawn(process.execPath, [PROGRAM], {
    env: { ...PROGRAM_ENV, PORT: String(port), LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const kill = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exited;
  };
  onTestFinished(kill);
  const url = `http://127.0.0.1:${port}`;
  await untilReady(child, url, () => said);
  return {
    pid: child.pid ?? 0,
    url,
    output: () => said,
    kill,
    terminate: async () => {
      child.kill('SIGTERM');
      const [code] = await exited;
      return code;
    },
  };
}

/** Said by the banner, once the service listens. */
const READY = 'Postrider is ready';

/** A start takes seconds of a processor, and other work may want it, too. */
const START_MS = 120_000;

async function untilReady(child: ChildProcess, url: string, said: () => string): Promise<void> {
  const end = performance.now() + START_MS;
  while (performance.now() < end) {
    if (child.exitCode !== null) throw new Error(`It ended instead of starting:\n${said()}`);
    // Before it says so, somebody else may answer at this address.
    const listens = said().includes(READY);
    if (listens && (await isReady(url))) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`It was not ready in time:\n${said()}`);
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/health/ready`).then(
    (response) => response.ok,
    () => false,
  );
}
