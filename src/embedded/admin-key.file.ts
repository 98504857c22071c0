import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { codeOf } from './postgres.error.js';

/** Where the admin key of a start without configuration is kept. */
export function adminKeyFile(dataDir: string): string {
  return join(resolve(dataDir), 'admin-key');
}

/** The admin key of a start without configuration: created once, kept beside the data, readable by its owner only. */
export async function keptAdminKey(dataDir: string): Promise<string> {
  const file = adminKeyFile(dataDir);
  try {
    const kept = (await readFile(file, 'utf8')).trim();
    if (kept.length >= 20) return kept;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  const key = `pr_admin_${randomBytes(24).toString('base64url')}`;
  await mkdir(dataDir, { recursive: true });
  await writeFile(file, `${key}\n`, { mode: 0o600 });
  return key;
}
