import 'reflect-metadata';
import { banner } from './banner.js';
import { configure } from './config/configuration.js';
import { readEnvironment } from './config/read-environment.js';
import { migrate } from './database/migrate.js';
import { bringSurroundings } from './embedded/surroundings.js';
import { createLogger } from './logging/logger.js';
import { startService } from './service.js';
import { describeStartFailure } from './start-failure.js';

/** Runs the service until a signal: 0 when everything ended as it should. */
async function main(): Promise<void> {
  const env = readEnvironment(process.env);
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const running = await bringSurroundings(env, say);
  try {
    const logger = createLogger(env.LOG_LEVEL, env.ROLE);
    const configuration = configure(env, running.surroundings, env.PUBLIC_URL ?? `http://${env.HOST}:${env.PORT}`);
    const migrations = await migrate(configuration.databaseUrl);
    if (migrations.length > 0) say(`Migrated: ${migrations.join(', ')}`);
    const service = await startService(configuration, logger);
    process.stdout.write(banner(configuration, running, service.url));
    await untilSignal();
    say('\nStopping: finishing what is in flight…');
    await service.close();
    logger.flush();
  } finally {
    await running.stop();
  }
  say('Stopped.');
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
