import type { ChildProcess } from 'node:child_process';

/** Resolves with how the process ended: `exit code 1` or `signal SIGKILL`. Never if it could not be started. */
export async function endOf(child: ChildProcess): Promise<string> {
  return await new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
}
