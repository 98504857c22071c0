import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, EmbeddedPostgresError } from './postgres.error.js';

const POLL_MS = 20;
/** How often an adopted server is checked, in milliseconds. */
const WATCH_MS = 1000;

/** A server that is running on our data, whoever started it. */
export interface RunningServer {
  /** The process id of the postmaster, the parent of all its processes. */
  readonly pid: number;
  readonly port: number;
  /** Its whole command line, joined with spaces. */
  readonly command: string;
}

/** A server that this process is to stop. */
export interface OwnedServer extends RunningServer {
  /** Resolves with how the server ended, whoever ended it: `exit code 1`, `signal SIGKILL`, or `gone` if unknown. */
  readonly ended: Promise<string>;
}

/** What a server writes about itself in postmaster.pid. Source: PostgreSQL's miscadmin.h, LOCK_FILE_LINE_*. */
interface PidFile {
  readonly pid: number;
  readonly port: number;
  readonly status: string;
}

/** @returns null when no server left a (complete) file there */
export function readPidFile(pgdata: string): PidFile | null {
  try {
    const lines = readFileSync(join(pgdata, 'postmaster.pid'), 'utf8').split('\n');
    const pid = Number.parseInt(lines[0] ?? '', 10);
    return Number.isNaN(pid) ? null : { pid, port: Number(lines[3]), status: (lines[7] ?? '').trim() };
  } catch {
    return null;
  }
}

/** The live server on this data: really a postgres of this folder, not a program that has got its old pid. */
export function findRunning(pgdata: string): RunningServer | null {
  const file = readPidFile(pgdata);
  if (file === null) return null;
  const command = commandOf(file.pid);
  return command?.includes(`/postgres -D ${pgdata} `) === true ? { pid: file.pid, port: file.port, command } : null;
}

/** @returns null if no such process is alive; a zombie does not count */
function commandOf(pid: number): string | null {
  try {
    const command =
      process.platform === 'linux'
        ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        : execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
    return command.trim() === '' ? null : command.trim();
  } catch {
    return null;
  }
}

/**
 * Stops the server and returns once it is down. A fast shutdown ends sessions and writes everything; a server that does
 * not manage that in `patienceMs` is stopped by force, which its next start repairs from the write-ahead log.
 * @throws EmbeddedPostgresError if it survives even that
 */
export async function shutDown(server: RunningServer, patienceMs = 30_000): Promise<void> {
  const steps = [
    { signal: 'SIGINT', waitMs: patienceMs },
    { signal: 'SIGQUIT', waitMs: 5_000 },
    { signal: 'SIGKILL', waitMs: 5_000 },
  ] as const;
  for (const { signal, waitMs } of steps) {
    send(server, signal);
    send(server, 'SIGCONT');
    if (await isGone(server, waitMs)) return;
  }
  throw new EmbeddedPostgresError({
    what: `The embedded PostgreSQL (process ${server.pid}) did not stop.`,
    advice: `look at that process, and stop it with \`kill ${server.pid}\`.`,
  });
}

/**
 * Takes over a server that is not a child of this process, because whoever started it was killed. The system only tells
 * a parent when a process ends, so the server is polled.
 */
export function adopt(server: RunningServer): OwnedServer {
  const ended = (async () => {
    while (isRunning(server)) await sleep(WATCH_MS, undefined, { ref: false });
    return 'gone';
  })();
  stopWithProcess(() => send(server, 'SIGINT'), ended);
  return { ...server, ended };
}

/**
 * Stops the server, too, if this process ends first: at a second Ctrl-C nothing else does, and a server in its own
 * session would keep running. Nothing can be awaited by then, so a fast shutdown is requested and not waited for.
 */
export function stopWithProcess(stop: () => void, ended: Promise<unknown>): void {
  process.once('exit', stop);
  void ended.then(() => process.off('exit', stop));
}

/** The pid may belong to another program by now, so a signal only goes to the command that was found. */
function send(server: RunningServer, signal: NodeJS.Signals): void {
  if (!isRunning(server)) return;
  try {
    process.kill(server.pid, signal);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return;
    throw new EmbeddedPostgresError(
      {
        what: `The embedded PostgreSQL (process ${server.pid}) belongs to another user and cannot be stopped.`,
        advice: 'run Postrider as the user that started it, or stop it as that user.',
      },
      { cause: error },
    );
  }
}

function isRunning({ pid, command }: RunningServer): boolean {
  return commandOf(pid) === command;
}

async function isGone(server: RunningServer, waitMs: number): Promise<boolean> {
  const deadline = performance.now() + waitMs;
  while (isRunning(server)) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}
