import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endOf } from './child.end.js';
import { giveTo, identityOf, type ServerAccount, serverEnvironment } from './postgres.account.js';
import { EmbeddedPostgresError } from './postgres.error.js';
import { findRunning, type OwnedServer, readPidFile, shutDown, stopWithProcess } from './postgres.process.js';

const POLL_MS = 10;
/** Longer than any start needs, even to replay the write-ahead log after a crash. */
const READY_WITHIN_MS = 120_000;
/** How long processes of a killed server may take to notice that their parent is gone. */
const REMAINS_VANISH_WITHIN_MS = 10_000;
const LOG_LINES_TOLD = 20;
const LOG_ROTATES_AT_BYTES = 16 * 1024 * 1024;

/** What to start, as whom, and where it writes its log. */
export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  readonly account: ServerAccount;
  readonly pgdata: string;
  readonly logFile: string;
}

/** The chosen port was taken by another program in the meantime. */
export class PortTakenError extends EmbeddedPostgresError {}

/**
 * Starts the server and returns once it accepts connections. It runs in its own session, so that a Ctrl-C in the
 * terminal only reaches Node, and it does not keep Node from ending. To be called only if {@link findRunning} finds no
 * server on the data.
 * @throws PortTakenError | EmbeddedPostgresError with the end of the server's log; no process is left behind
 */
export async function launch(plan: Launch): Promise<OwnedServer> {
  // PostgreSQL refuses to start while that pid exists, even if it is another program's or a zombie's by now. We know
  // that no server runs on the data; orphaned sessions of one are detected by PostgreSQL itself from the shared memory.
  rmSync(join(plan.pgdata, 'postmaster.pid'), { force: true });
  const deadline = performance.now() + REMAINS_VANISH_WITHIN_MS;
  for (;;) {
    const attempt = await start(plan);
    if ('pid' in attempt) return attempt;
    if (!isHeldByRemains(attempt) || performance.now() > deadline) throw failed(attempt);
    await sleep(POLL_MS * 10);
  }
}

interface FailedStart {
  readonly reason: string;
  readonly log: readonly string[];
}

async function start(plan: Launch): Promise<OwnedServer | FailedStart> {
  const log = await openLog(plan);
  const child = spawn(plan.program, [...plan.args], {
    cwd: '/',
    env: serverEnvironment(),
    ...identityOf(plan.account),
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  closeSync(log.fd);
  child.unref();
  const ended = endOf(child);
  stopWithProcess(() => child.kill('SIGINT'), ended);
  const reason = await untilReady(child, plan.pgdata);
  const server = reason === null ? findRunning(plan.pgdata) : null;
  if (server !== null) return { ...server, ended };
  return { reason: reason ?? 'it vanished right after its start', log: log.newLines() };
}

/** @returns null once the server accepts connections, otherwise why it never will */
async function untilReady(child: ChildProcess, pgdata: string): Promise<string | null> {
  let spawnError: Error | null = null;
  child.once('error', (error) => (spawnError = error));
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    await sleep(POLL_MS);
    if (spawnError !== null) return String(spawnError);
    if (child.exitCode !== null || child.signalCode !== null)
      return `it ended with ${child.exitCode ?? child.signalCode}`;
    const file = readPidFile(pgdata);
    if (file?.pid === child.pid && file?.status === 'ready') return null;
    if (performance.now() < deadline) continue;
    const stuck = findRunning(pgdata);
    if (stuck === null) child.kill('SIGKILL');
    else await shutDown(stuck, 5_000);
    return `it was not ready after ${READY_WITHIN_MS / 1000} s`;
  }
}

/** Opened by Node, so that the log is next to the data whatever user runs the server. */
async function openLog({ logFile, account }: Launch): Promise<{ fd: number; newLines(): string[] }> {
  const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_ROTATES_AT_BYTES) renameSync(logFile, `${logFile}.1`);
  const offset = size > LOG_ROTATES_AT_BYTES ? 0 : size;
  const fd = openSync(logFile, 'a', 0o600);
  await giveTo(account, logFile);
  const newLines = () => {
    const text = readFileSync(logFile).subarray(offset).toString('utf8').trim();
    return text === '' ? [] : text.split('\n').slice(-LOG_LINES_TOLD);
  };
  return { fd, newLines };
}

/** Sessions of a killed server end by themselves as soon as they notice. */
function isHeldByRemains({ log }: FailedStart): boolean {
  return log.some((line) => line.includes('pre-existing shared memory block'));
}

function failed(attempt: FailedStart): EmbeddedPostgresError {
  const isPortTaken = attempt.log.some((line) => line.includes('could not bind'));
  const Kind = isPortTaken ? PortTakenError : EmbeddedPostgresError;
  return new Kind({
    what: `The embedded PostgreSQL could not be started: ${attempt.reason}.`,
    logTail: attempt.log,
    advice: adviceFor(attempt, isPortTaken),
  });
}

function adviceFor(attempt: FailedStart, isPortTaken: boolean): string {
  if (isPortTaken) return 'free the port, or let Postrider choose one.';
  if (isHeldByRemains(attempt)) return 'end the "postgres: …" processes that the killed server left, then start again.';
  return 'repair what the log says, or set DATABASE_URL to a PostgreSQL of yours.';
}
