import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second, whatever the kernel's own tick is. */
const MICROSECONDS_PER_TICK = 10_000;

/**
 * CPU that a process used so far in microseconds, user and system, with that of the children it has already buried;
 * 0 for one that is gone, or where there is no /proc.
 */
export function cpuMicros(pid: number): number {
  const [user, system, buriedUser, buriedSystem] = columnsOf(pid).slice(11, 15).map(Number);
  return ((user ?? 0) + (system ?? 0) + (buriedUser ?? 0) + (buriedSystem ?? 0)) * MICROSECONDS_PER_TICK;
}

/** The same for a server and all of its processes. */
export function cpuMicrosOfTree(pid: number): number {
  return [pid, ...childrenOf(pid)].reduce((sum, each) => sum + cpuMicros(each), 0);
}

/** Resident memory in MB (2^20 bytes). */
export function residentMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readOrEmpty(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
}

function childrenOf(parent: number): number[] {
  return processes().filter((pid) => Number(columnsOf(pid)[1]) === parent);
}

/** What stands after the name, which may hold blanks: first the state, then the parent; proc_pid_stat(5). */
function columnsOf(pid: number): string[] {
  return readOrEmpty(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
}

function processes(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
