import { join, resolve } from 'node:path';

/** The embedded database's folder below DATA_DIR, or a link to a folder that its user can enter (see findHome). */
export function databaseFolder(dataDir: string): string {
  return join(resolve(dataDir), 'postgres');
}
