import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until a condition holds, looking often; fails with what is there instead. */
export async function eventually<T>(
  look: () => Promise<T> | T,
  holds: (seen: T) => boolean,
  timeoutMs = 60_000,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (performance.now() > end) throw new Error(`Not reached in ${timeoutMs} ms: ${JSON.stringify(seen, null, 2)}`);
    await sleep(10);
  }
}
