import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** How long requests in flight may take once the server closes, in milliseconds. */
const GRACE_MS = 5000;

/**
 * Keeps a shutdown from waiting for connections on which nothing will happen. Node closes idle ones itself, but not
 * those opened in advance and never used (as browsers and fetch do), and it waits forever for a reader that is stuck.
 */
export function closeInTime(fastify: FastifyInstance): void {
  const open = new Set<Socket>();
  fastify.server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  fastify.addHook('preClose', (done) => {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
    setTimeout(() => fastify.server.closeAllConnections(), GRACE_MS).unref();
    done();
  });
}
