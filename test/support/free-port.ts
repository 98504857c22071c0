import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that Linux (from 32768) and others (from 49152) give to whoever listens or connects without naming one. */
const NAMED_PORTS = { from: 20_000, to: 32_000 } as const;

/** A port to listen on later: until then nobody is given it who asks for any. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(NAMED_PORTS.from, NAMED_PORTS.to);
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
