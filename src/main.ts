import 'reflect-metadata';
import { banner } from './banner.js';
import { configure } from './config/configuration.js';
import type { Environment } from './config/environment.schema.js';
import { httpAddress } from './config/http-address.js';
import { readEnvironment } from './config/read-environment.js';
import { unknownVariables } from './config/unknown-variables.js';
import { migrate } from './database/migrate.js';
import { bringSurroundings, type RunningSurroundings } from './embedded/surroundings.js';
import { listeningPort } from './listening-port.js';
import { createLogger } from './logging/logger.js';
import { lostCallbacks } from './lost-callbacks.js';
import { startService } from './service.js';
import { describeStartFailure } from './start-failure.js';
import { StartStoppedError, StopSignal } from './start-signal.js';

/** Runs the service until a stop signal; returns when everything has ended cleanly. */
async function main(): Promise<void> {
  const signal = new StopSignal();
  const env = readEnvironment(process.env);
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  try {
    // Before a first start makes a database. A free port (0) is chosen after it, when nobody has long to take it.
    await signal.inTime(listeningPort(env.HOST, env.PORT));
    const running = await signal.inTime(bringSurroundings(env, say));
    try {
      await Promise.race([run(env, running, signal, say), loss(running)]);
    } finally {
      await running.stop();
    }
  } catch (error) {
    if (!(error instanceof StartStoppedError)) throw error;
  }
  say('Stopped.');
}

/** A database or simulator that died is not restarted here: whoever supervises this process starts everything anew. */
async function loss({ lost }: RunningSurroundings): Promise<never> {
  throw await lost;
}

async function run(env: Environment, running: RunningSurroundings, signal: StopSignal, say: (line: string) => void) {
  signal.check();
  // The migration lock belongs to a session, and a transaction pooler would give that session to others.
  const address = env.DATABASE_LISTEN_URL ?? running.surroundings.databaseUrl;
  const migrations = await signal.inTime(migrate(address, 'up', { say }));
  if (migrations.length > 0) say(`Migrated: ${migrations.join(', ')}`);
  signal.check();
  const port = await signal.inTime(listeningPort(env.HOST, env.PORT));
  const publicUrl = env.PUBLIC_URL ?? httpAddress(env.HOST, port);
  const configuration = configure({ ...env, PORT: port }, running.surroundings, publicUrl);
  const logger = createLogger(env.LOG_LEVEL, env.ROLE);
  for (const line of unknownVariables(Object.keys(process.env))) logger.warn(line);
  const service = await signal.inTime(startService(configuration, logger));
  process.stdout.write(banner(configuration, running, service.url));
  const lost = lostCallbacks(configuration);
  if (lost) logger.warn(lost);
  await signal.came;
  if (env.SHUTDOWN_DELAY_MS > 0 && env.ROLE !== 'worker') {
    say(`\nLeaving: not ready any more, serving for ${env.SHUTDOWN_DELAY_MS} ms more…`);
    await service.leave();
  }
  say('\nStopping: finishing what is in flight…');
  await service.close();
  logger.flush();
}

// A closed output pipe or a full disk behind it must not end what is in flight.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

try {
  await main();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${describeStartFailure(error)}\n`);
  process.exit(1);
}
