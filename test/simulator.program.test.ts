import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { InvalidSimulatorOptionError, readOptions } from '../src/simulator/simulator.options.js';

const PROGRAM = new URL('../dist/src/simulator/simulator.main.js', import.meta.url).pathname;

async function readyUrl(child: ChildProcess): Promise<string> {
  onTestFinished(() => void child.kill('SIGKILL'));
  if (child.stdout === null) throw new Error('The program was started without a standard output');
  for await (const line of createInterface(child.stdout)) {
    const ready: unknown = JSON.parse(line);
    if (typeof ready === 'object' && ready !== null && 'url' in ready) return String(ready.url);
  }
  throw new Error('The program ended before it was ready');
}

describe('the program', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('says where it listens and ends by %s', async (signal) => {
    const child = spawn(process.execPath, [PROGRAM, '--step-ms', '5'], { env: { ...process.env, PORT: '0' } });
    const url = await readyUrl(child);
    expect((await fetch(`${url}/__simulator/stats`)).status).toBe(200);
    const ended = once(child, 'exit');
    child.kill(signal);
    expect(await ended).toEqual([0, null]);
  });

  it('ends with its parent, even while it owes an answer', async () => {
    const child = fork(PROGRAM, { silent: true, env: { ...process.env, PORT: '0' } });
    const url = await readyUrl(child);
    const fault = JSON.stringify({ fault: { kind: 'no_answer' } });
    const headers = { 'content-type': 'application/json' };
    await fetch(`${url}/__simulator/faults/*`, { method: 'PUT', body: fault, headers });
    const unanswered = fetch(`${url}/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json`, {
      method: 'POST',
      body: new URLSearchParams({ To: '+15551230001' }),
      headers: {
        authorization: `Basic ${btoa('AC0123456789abcdef0123456789abcdef:fedcba9876543210fedcba9876543210')}`,
      },
    });
    const failed = unanswered.catch((error: unknown) => error);
    await expect
      .poll(async () => await (await fetch(`${url}/__simulator/stats`)).json())
      .toMatchObject({ received: 1 });
    const ended = once(child, 'exit');
    child.disconnect();
    expect(await ended).toEqual([0, null]);
    expect(await failed).toBeInstanceOf(TypeError);
  });

  it('names the option it cannot start with, and not its value', async () => {
    const child = spawn(process.execPath, [PROGRAM], { env: { ...process.env, PORT: 'eighty' } });
    const problem = child.stderr.toArray();
    expect(await once(child, 'exit')).toEqual([1, null]);
    expect(String(await problem)).toBe('The simulator cannot start: PORT must be a whole number from 0 to 65535\n');
  });
});

describe('its options', () => {
  it('come from the command line before the environment', () => {
    const options = readOptions(['--port', '4010', '--read-receipts', 'true'], {
      PORT: '5000',
      STEP_MS: '7',
      CALLBACKS: 'final',
    });
    expect(options).toMatchObject({
      port: 4010,
      stepMs: 7,
      callbacks: 'final',
      readReceipts: true,
      strictSenders: false,
    });
  });

  it.each([
    [['--prot', '1'], {}],
    [[], { CALLBACKS: 'some' }],
    [[], { STRICT_SENDERS: 'yes' }],
  ])('are refused when they are not understood: %j %j', (args, environment) => {
    expect(() => readOptions(args, environment)).toThrow(InvalidSimulatorOptionError);
  });
});
