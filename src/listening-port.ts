import { once } from 'node:events';
import { createServer } from 'node:net';

/** HOST and PORT are no place to listen at; `code` is Node's. */
export class CannotListenError extends Error {
  override readonly name = 'CannotListenError';
  readonly code: string;

  constructor(cause: unknown) {
    super('The service cannot listen at HOST and PORT.', { cause });
    this.code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  }
}

/**
 * Tries the place to listen at. What is sent carries the address to call back, so a port that the system chooses has to
 * be known before the first dispatch, which is before the server listens; and a wrong place is better found before it.
 * @returns the port, the system's choice for 0
 * @throws CannotListenError
 */
export async function listeningPort(host: string, port: number): Promise<number> {
  const server = createServer();
  try {
    await once(server.listen(port, host), 'listening');
  } catch (error) {
    throw new CannotListenError(error);
  }
  const address = server.address();
  await new Promise((resolve) => void server.close(resolve));
  if (address === null || typeof address === 'string') throw new CannotListenError(null);
  return address.port;
}
