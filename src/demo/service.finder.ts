import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Environment } from '../config/environment.schema.js';
import { httpAddress } from '../config/http-address.js';
import { adminKeyFile } from '../embedded/admin-key.file.js';
import { PostriderClient } from './postrider.client.js';

/** A service that the demo can send to. */
export interface DemoService {
  readonly url: string;
  readonly client: PostriderClient;
}

/** A service that runs here. Unless its provider is the simulator, a demo would write to strangers. */
export interface FoundService extends DemoService {
  readonly simulated: boolean;
}

/** The service that `npm start` left running here, if it answers and accepts the admin key kept beside its data. */
export async function findRunningService(env: Environment): Promise<FoundService | null> {
  const key = await readFile(adminKeyFile(env.DATA_DIR), 'utf8').catch(() => null);
  if (key === null) return null;
  const url = httpAddress(env.HOST === '0.0.0.0' ? '127.0.0.1' : env.HOST, env.PORT);
  if (!(await ask(`${url}/health/live`))?.ok) return null;
  if (!(await ask(`${url}/v1/notifications?limit=1`, key.trim()))?.ok) return null;
  return { url, client: new PostriderClient(url, key.trim()), simulated: await isSimulated(url) };
}

/** As its health says, even if something is down. A service that does not say so may be anybody's. */
async function isSimulated(url: string): Promise<boolean> {
  const health = await ask(`${url}/health`);
  return SIMULATED.safeParse(await health?.json().catch(() => null)).success;
}

const SIMULATED = z.object({ details: z.object({ provider: z.object({ simulated: z.literal(true) }) }) });

async function ask(url: string, key?: string): Promise<Response | null> {
  try {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    return await fetch(url, { headers, signal: AbortSignal.timeout(10_000) });
  } catch {
    return null;
  }
}
