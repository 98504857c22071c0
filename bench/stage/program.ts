import { type ChildProcess, fork, spawn, type StdioOptions } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cleanup } from './cleanup.js';
import type { AnswerMessage, Calls } from './rpc.js';

const STOPS_WITHIN_MS = 20_000;
const STARTS_WITHIN_MS = 30_000;
/** No call takes longer; what hangs ends the case, not the machine. */
const ANSWERS_WITHIN_MS = 180_000;

type Waiting = { resolve: (result: unknown) => void; reject: (error: Error) => void };

/** A process of the benchmark's own, in a process group of its own, so that Ctrl-C reaches it in order. */
export class Program<Offered extends Calls> {
  private readonly waiting = new Map<number, Waiting>();
  private calls = 0;

  private address = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly name: string,
  ) {
    child.on('message', (message) => this.answered(message as AnswerMessage));
    child.on('error', (error) => this.fail(error));
    child.on('exit', (code, signal) => this.fail(new Error(`${name} ended early (${signal ?? code})`)));
  }

  /** Starts a program of the benchmark's build and waits until it is ready. It is stopped with `cleanup`. */
  static async start<Offered extends Calls>(
    cleanup: Cleanup,
    file: string,
    options: { args?: readonly string[]; nodeArgs?: readonly string[] } = {},
  ): Promise<Program<Offered>> {
    const child = fork(new URL(`../${file}.js`, import.meta.url), [...(options.args ?? [])], {
      execArgv: [...(options.nodeArgs ?? [])],
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      detached: true,
    });
    cleanup.add(() => endProcess(child));
    const program = new Program<Offered>(child, file);
    program.address = String(await program.waitFor(0, STARTS_WITHIN_MS));
    return program;
  }

  /** Where it listens; empty where it does not. */
  get url(): string {
    return this.address;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async call<Name extends keyof Offered & string>(
    name: Name,
    ...[argument]: Parameters<Offered[Name]>
  ): Promise<Awaited<ReturnType<Offered[Name]>>> {
    this.calls += 1;
    const answer = this.waitFor(this.calls, ANSWERS_WITHIN_MS);
    this.child.send({ id: this.calls, call: name, argument: argument ?? null });
    return (await answer) as Awaited<ReturnType<Offered[Name]>>;
  }

  private async waitFor(id: number, withinMs: number): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.waiting.set(id, { resolve, reject });
    const late = setTimeout(() => reject(new Error(`${this.name} did not answer in ${withinMs / 1000} s`)), withinMs);
    try {
      return await promise;
    } finally {
      clearTimeout(late);
      this.waiting.delete(id);
    }
  }

  private answered(message: AnswerMessage): void {
    const waiting = this.waiting.get(message.id);
    if ('error' in message) waiting?.reject(new Error(`${this.name}: ${message.error}`));
    else waiting?.resolve(message.result);
  }

  private fail(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(error);
  }
}

/** Starts a program that is not the benchmark's own; its output goes nowhere, as `> /dev/null` would have it. */
export function spawnQuietly(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  stdio: StdioOptions = ['ignore', 'ignore', 'inherit'],
): ChildProcess {
  return spawn(command, args, { env, stdio, detached: true });
}

/** SIGTERM, and SIGKILL for what does not heed it. By pid, and only what this benchmark started. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const inTime = await Promise.race([exited.then(() => true), delay(STOPS_WITHIN_MS, false, { ref: false })]);
  if (!inTime) child.kill('SIGKILL');
  await exited;
}
