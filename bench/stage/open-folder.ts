import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new temporary folder that every user may enter: started by root, PostgreSQL runs as another user. */
export async function openFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'postrider-bench-'));
  await chmod(folder, 0o755);
  return folder;
}
