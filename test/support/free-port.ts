import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that Linux (from 32768) and others (from 49152) give to whoever listens or connects without naming one. */
const NAMED_PORTS = { from: 20_000, to: 32_000 } as const;

/** One for each worker of a run, which vitest numbers from 1, and one for the process that starts them. */
const SHARES = 8;
const PORTS_EACH = (NAMED_PORTS.to - NAMED_PORTS.from) / SHARES;

/** Begins anywhere, since other runs may be on this machine. */
let place = randomInt(PORTS_EACH);

/**
 * A port to listen on later: until then nobody is given it who asks for any, nor another test of this run that asks
 * here.
 */
export async function freePort(): Promise<number> {
  const share = Number(process.env['VITEST_POOL_ID'] ?? 0) % SHARES;
  for (;;) {
    place = (place + 1) % PORTS_EACH;
    const port = NAMED_PORTS.from + share * PORTS_EACH + place;
    if (await isFree(port)) return port;
  }
}

/** @throws whatever else keeps it from listening */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
