import 'reflect-metadata';
import { banner } from './banner.js';
import { configure, type Configuration } from './config/configuration.js';
import { readEnvironment } from './config/read-environment.js';
import { migrate } from './database/migrate.js';
import { bringSurroundings } from './embedded/surroundings.js';
import { createLogger } from './logging/logger.js';
import { startService } from './service.js';
import { describeStartFailure } from './start-failure.js';

/** Runs the service until a signal: 0 when everything ended as it should. */
async function main(): Promise<void> {
  // From the first moment: a signal during the start ends it as soon as it is complete.
  const signal = untilSignal();
  const env = readEnvironment(process.env);
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const running = await bringSurroundings(env, say);
  try {
    const logger = createLogger(env.LOG_LEVEL, env.ROLE);
    const configuration = configure(env, running.surroundings, env.PUBLIC_URL ?? `http://${env.HOST}:${env.PORT}`);
    // The lock around migrations belongs to a session, which a transaction pooler would hand to others.
    const migrations = await migrate(env.DATABASE_LISTEN_URL ?? configuration.databaseUrl);
    if (migrations.length > 0) say(`Migrated: ${migrations.join(', ')}`);
    const service = await startService(configuration, logger);
    process.stdout.write(banner(configuration, running, service.url));
    if (isUnreachable(configuration)) {
      logger.warn('PUBLIC_URL is not set: Twilio cannot call back to an address of this machine');
    }
    await signal;
    say('\nStopping: finishing what is in flight…');
    await service.close();
    logger.flush();
  } finally {
    await running.stop();
  }
  say('Stopped.');
}

/** A real provider cannot reach what only this machine or its network knows. */
function isUnreachable({ env, twilio }: Configuration): boolean {
  return env.PUBLIC_URL === undefined && env.TWILIO_BASE_URL === undefined && !twilio.baseUrl.includes('127.0.0.1');
}

/** Resolves at the first SIGINT or SIGTERM. A second one ends the process at once: leases make that safe, too. */
function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = () => {
      if (asked) process.exit(1);
      asked = true;
      resolve();
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}

try {
  await main();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${describeStartFailure(error)}\n`);
  process.exit(1);
}
