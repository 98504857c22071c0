/** What a program of the benchmark answers to; arguments and results travel as JSON. */
export type Calls = Readonly<Record<string, (argument: never) => unknown>>;

interface CallMessage {
  readonly id: number;
  readonly call: string;
  readonly argument: unknown;
}

/** `id` 0 says that the program is ready, and where it listens. */
export type AnswerMessage =
  { readonly id: number; readonly result: unknown } | { readonly id: number; readonly error: string };

// A program whose parent is gone, however it went, has nobody to work for; also before it was ready.
process.once('disconnect', () => process.exit(0));

export interface Served {
  /** Where it listens; nothing where it does not. */
  readonly url?: string;
  /** What ends it in order, at SIGTERM. */
  readonly stop?: () => Promise<void>;
}

/** Answers the parent's calls over the IPC channel, until SIGTERM. */
export function serve(calls: Calls, { url = '', stop = async () => {} }: Served = {}): void {
  process.on('message', (message: CallMessage) => void answer(calls, message));
  process.once('SIGTERM', () => void endAfter(stop));
  send({ id: 0, result: url });
}

async function answer(calls: Calls, { id, call, argument }: CallMessage): Promise<void> {
  try {
    const known = calls[call];
    if (!known) throw new Error(`This program has no call named ${call}`);
    send({ id, result: (await known(argument as never)) ?? null });
  } catch (error) {
    send({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

function send(message: AnswerMessage): void {
  process.send?.(message);
}

/** Ends this process when `stop` has done its part, or failed in it. */
export async function endAfter(stop: () => Promise<void>): Promise<void> {
  try {
    await stop();
    process.exit(0);
  } catch {
    process.exit(1);
  }
}
