import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endOf } from './child.end.js';

const PROGRAM = fileURLToPath(new URL('../simulator/simulator.main.js', import.meta.url));

export interface RunningSimulator {
  readonly url: string;
  /** Resolves with how it ended, whoever ended it. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** The Twilio simulator did not start. */
class SimulatorError extends Error {
  override readonly name = 'SimulatorError';
}

/**
 * Runs the simulator on a free port, as a process of its own in its own session, since Ctrl-C must not end it before
 * the service has finished what is in flight. It ends by itself when this process is gone.
 */
export async function startSimulatorProcess(): Promise<RunningSimulator> {
  const child = fork(PROGRAM, ['--port', '0'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { PATH: process.env['PATH'] },
  });
  const ended = endOf(child);
  const url = await firstMessage(child);
  return {
    url,
    ended,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Waits until the simulator is ready and returns its URL. */
async function firstMessage(child: ChildProcess): Promise<string> {
  const ready = new Promise<unknown>((resolve) => child.once('message', resolve));
  const ended = once(child, 'exit').then(() => {
    throw new SimulatorError('The Twilio simulator ended before it was ready; what it said stands above.');
  });
  const message = await Promise.race([ready, ended]);
  if (typeof message === 'object' && message !== null && 'url' in message && typeof message.url === 'string') {
    return message.url;
  }
  throw new SimulatorError('The Twilio simulator did not say where it listens.');
}
