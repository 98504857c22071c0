import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** What is on its way when the server closes may take this long, in milliseconds. */
const GRACE_MS = 5000;

/**
 * Keeps a shutdown from waiting for connections on which nothing will happen. Node closes idle ones itself, but not those
 * that were opened ahead and never used (browsers and fetch do that), and it waits for a stuck reader for ever.
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
