import { join, resolve } from 'node:path';

/** Where the embedded database is: a folder below DATA_DIR, or a link to where its user can enter (see findHome). */
export function databaseFolder(dataDir: string): string {
  return join(resolve(dataDir), 'postgres');
}
