import { Socket } from 'node:net';
import type { Pool, PoolClient } from 'pg';

declare module 'pg' {
  interface ClientBase {
    /** False from when a statement is sent until the server is ready for the next one. Not in pg's own types. */
    readonly readyForQuery?: boolean;
  }
}

/**
 * Keeps a pool's connections from harming the process while somebody uses them; the pool looks after idle ones itself.
 *
 * - A server that stops, or an administrator, ends a connection with an error that belongs to no statement.
 *   node-postgres emits it, and an `error` without a listener ends the process. Whoever uses the connection learns of
 *   it from the next statement.
 * - A connection whose other end is silently gone (a failover without a reset) would keep its statement waiting until
 *   the kernel gives up, after a quarter of an hour. After `answerMs` without a byte it is closed, and its statement
 *   fails.
 * - TypeORM gives its connections back when it closes, at a shutdown that outlasts its grace in the middle of a snapshot.
 *   Whoever waits for a connection would write into that open transaction, and never hear that nothing was committed.
 */
export function watchPool(pool: Pool, answerMs: number): void {
  const known = new WeakSet<PoolClient>();
  pool.on('acquire', (client) => {
    const socket = socketOf(client);
    if (!known.has(client)) {
      known.add(client);
      client.on('error', () => {});
      // database-failure.ts recognises these words.
      socket?.on('timeout', () => socket.destroy(new Error(`Query read timeout: nothing within ${answerMs} ms`)));
    }
    socket?.setTimeout(answerMs);
  });
  pool.on('release', (error: Error | undefined, client) => {
    socketOf(client)?.setTimeout(0);
    // With an error, the pool itself ends it.
    if (!error && mayBeInTransaction(client)) void client.end();
  });
}

/** A statement that is still on its way may be the BEGIN. */
function mayBeInTransaction(client: PoolClient): boolean {
  const status = client.getTransactionStatus();
  return status === 'T' || status === 'E' || client.readyForQuery === false;
}

/** The TLS socket, if the connection is encrypted. */
function socketOf({ connection: { stream } }: PoolClient): Socket | null {
  return stream instanceof Socket ? stream : null;
}
