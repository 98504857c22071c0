import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Environment } from '../config/environment.schema.js';
import { httpAddress } from '../config/http-address.js';
import { PostriderClient } from './postrider.client.js';

/** A service that the demo can send to. */
export interface FoundService {
  readonly url: string;
  readonly client: PostriderClient;
}

/** The service that `npm start` left running here, if it answers and knows the admin key that was kept beside its data. */
export async function findRunningService(env: Environment): Promise<FoundService | null> {
  const key = await readFile(join(resolve(env.DATA_DIR), 'admin-key'), 'utf8').catch(() => null);
  if (key === null) return null;
  const url = httpAddress(env.HOST === '0.0.0.0' ? '127.0.0.1' : env.HOST, env.PORT);
  const isAlive = await answersWell(`${url}/health/live`);
  const knowsUs = isAlive && (await answersWell(`${url}/v1/notifications?limit=1`, key.trim()));
  return knowsUs ? { url, client: new PostriderClient(url, key.trim()) } : null;
}

async function answersWell(url: string, key?: string): Promise<boolean> {
  try {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    return (await fetch(url, { headers, signal: AbortSignal.timeout(10_000) })).ok;
  } catch {
    return false;
  }
}
