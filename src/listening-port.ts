import { once } from 'node:events';
import { createServer } from 'node:net';

/** The service cannot listen at HOST and PORT; `code` is Node's error code, or empty. */
export class CannotListenError extends Error {
  override readonly name = 'CannotListenError';
  readonly code: string;

  constructor(cause: unknown) {
    super('The service cannot listen at HOST and PORT.', { cause });
    this.code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  }
}

/**
 * Checks that the service can listen here. Messages carry the callback address, so a port chosen by the system must be
 * known before the first dispatch, which happens before the server listens; and a wrong address is better found early.
 * @returns the port; for 0, the one that the system chose
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
