import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { configure } from '../config/configuration.js';
import { httpAddress } from '../config/http-address.js';
import { readEnvironment } from '../config/read-environment.js';
import { migrate } from '../database/migrate.js';
import { bringSurroundings } from '../embedded/surroundings.js';
import { listeningPort } from '../listening-port.js';
import { createLogger } from '../logging/logger.js';
import { startService } from '../service.js';
import { PostriderClient } from './postrider.client.js';
import type { DemoService } from './service.finder.js';

export interface TemporaryService extends DemoService {
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

/**
 * A service of the demo's own: embedded database, simulator, a free port, data that is removed at the end. It sees
 * nothing of the environment, so it cannot find a real provider.
 */
export async function startTemporaryService(dataDir: string): Promise<TemporaryService> {
  const ownDir = join(resolve(dataDir), 'demo');
  const env = readEnvironment({ DATA_DIR: ownDir, LOG_LEVEL: 'error' });
  const running = await bringSurroundings(env, () => {});
  const cleanUp = async () => {
    await running.stop();
    // If the database's user cannot enter the project, the folder is a link to one elsewhere.
    if (running.databaseDir !== null) await rm(running.databaseDir, { recursive: true, force: true });
    await rm(ownDir, { recursive: true, force: true });
  };
  try {
    await migrate(running.surroundings.databaseUrl);
    // Chosen after the rest has started, when nobody has long to take it.
    const port = await listeningPort(env.HOST, 0);
    const url = httpAddress(env.HOST, port);
    const configuration = configure({ ...env, PORT: port }, running.surroundings, url);
    const service = await startService(configuration, createLogger(env.LOG_LEVEL, 'demo'));
    const stop = async () => {
      await service.close();
      await cleanUp();
    };
    return { url, client: new PostriderClient(url, configuration.adminApiKey ?? ''), stop };
  } catch (error) {
    await cleanUp();
    throw error;
  }
}
