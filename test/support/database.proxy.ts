import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { portOf } from './port-of.js';

/** Stands before the database; `freeze` lets what is connected by then fall silent, as a failover without a reset does. */
export async function startDatabaseProxy(url: string) {
  const target = new URL(url);
  const pairs: [Socket, Socket][] = [];
  let frozen = false;
  let statement: string | null = null;
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    pairs.push([near, far]);
    for (const socket of [near, far]) socket.on('error', () => {});
    if (frozen) return;
    let ran = false;
    near.on('data', (sent) => {
      if (statement === null) return;
      ran ||= sent.includes(statement);
      if (!ran || !sent.includes('COMMIT')) return;
      statement = null;
      far.unpipe(near).once('data', () => {
        for (const socket of [near, far]) socket.destroy();
      });
    });
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxied = new URL(url);
  proxied.port = String(portOf(server));
  onTestFinished(async () => {
    for (const socket of pairs.flat()) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return {
    url: proxied.href,
    /** Nothing passes any more, nor will it on the connections of now; until the thaw, new ones are no better. */
    freeze: () => {
      frozen = true;
      for (const [near, far] of pairs) {
        near.unpipe(far).pause();
        far.unpipe(near).pause();
      }
    },
    thaw: () => {
      frozen = false;
    },
    /** The next transaction with the statement of this name is committed, but the connection breaks before its answer. */
    loseAnswerToCommitOf: (name: string) => {
      statement = name;
    },
  };
}
