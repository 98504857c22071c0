/**
 * A small service with an embedded PostgreSQL, run as a process of its own. Says what happens to it on stdout, one JSON
 * object a line. On SIGINT it works with the database once more, as a draining service does, then stops it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { EmbeddedPostgresError } from '../../src/embedded/postgres.error.js';
import { startEmbeddedPostgres } from '../../src/embedded/postgres.server.js';

const [dataDir = ''] = process.argv.slice(2);

function say(event: string, details: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, ...details })}\n`);
}

try {
  const postgres = await startEmbeddedPostgres({ dataDir, settings: { fsync: 'off', shared_buffers: '16MB' } });
  const client = new Client({ connectionString: postgres.url });
  client.on('error', (error) => say('connection lost', { message: error.message }));
  await client.connect();
  const keepAlive = setInterval(() => {}, 60_000);
  process.once('SIGINT', () => void drain());
  say('started', { url: postgres.url, reused: postgres.reused, serverPid: postgres.pid });

  const drain = async () => {
    await sleep(500);
    await client.query('SELECT 1');
    say('drained');
    await client.end();
    await postgres.stop();
    clearInterval(keepAlive);
    say('stopped');
  };
} catch (error) {
  say('refused', { message: String(error), isKind: error instanceof EmbeddedPostgresError });
}
