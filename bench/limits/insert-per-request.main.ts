import 'reflect-metadata';
import { Pool } from 'pg';
import { fromService } from '../service.build.js';
import { endAfter } from '../stage/rpc.js';

/**
 * The service itself without grouping: each request writes its own row with one prepared statement, on a pool of
 * connections. Everything else is as it is.
 */
const { readEnvironment } = await fromService('config/read-environment');
const { configure } = await fromService('config/configuration');
const { bringSurroundings } = await fromService('embedded/surroundings');
const { createLogger } = await fromService('logging/logger');
const { startService } = await fromService('service');
const { NotificationIntake } = await fromService('outbox/notification.intake');
const { storeNotifications } = await fromService('outbox/store-notifications');

/** As many connections as help it. The service plans the same statement once, too, but has six connections for that. */
const pool = new Pool({
  connectionString: process.env['DATABASE_URL'],
  max: 32,
  options: '-c plan_cache_mode=force_generic_plan',
});
pool.on('error', () => {});

const database = {
  run: async ({ name, text }: { name: string; text: string }, values: readonly unknown[]) =>
    (await pool.query({ name, text, values: [...values] })).rows,
};

NotificationIntake.prototype.enqueue = async function enqueueAlone(notification: unknown) {
  const { results } = await storeNotifications(database, [notification], null);
  return results[0];
};

const env = readEnvironment(process.env);
const { surroundings } = await bringSurroundings(env, () => {});
const configuration = configure(env, surroundings, `http://${env.HOST}:${env.PORT}`);
const service = await startService(configuration, createLogger(env.LOG_LEVEL, env.ROLE));
process.once('SIGTERM', () => void endAfter(() => service.close()));
