import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listeningPort } from '../listening-port.js';

const HOST = '127.0.0.1';

/** The last start's port if it is still free, so that bookmarks in database tools stay valid, else any free one. */
export async function choosePort(home: string): Promise<number> {
  const remembered = recall(home);
  return (remembered === null ? null : await bindable(remembered)) ?? (await bindable(0)) ?? 0;
}

export function rememberPort(home: string, port: number): void {
  rmSync(fileIn(home), { force: true });
  writeFileSync(fileIn(home), `${port}\n`);
}

function recall(home: string): number | null {
  try {
    const port = Number(readFileSync(fileIn(home), 'utf8'));
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : null;
  } catch {
    return null;
  }
}

function fileIn(home: string): string {
  return join(home, 'port');
}

/** @returns the port (for 0, the system's choice), or null if it is taken */
async function bindable(port: number): Promise<number | null> {
  return await listeningPort(HOST, port).catch(() => null);
}
