/**
 * The server's settings unless the caller says otherwise. Durable: a commit that was acknowledged survives a power cut.
 * Terse errors keep the DETAIL lines, which quote rows (recipients, message bodies), out of the server's log.
 */
const DEFAULTS = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '256MB',
  max_connections: '100',
  autovacuum: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_error_verbosity: 'terse',
} as const satisfies Record<string, string>;

/** Reachable over the loopback only, whatever else is set. */
const REACH = { listen_addresses: '127.0.0.1', unix_socket_directories: '' } as const satisfies Record<string, string>;

/** The server's command line after its program name. */
export function serverArguments(pgdata: string, port: number, settings: Readonly<Record<string, string>>): string[] {
  const all = Object.entries({ ...DEFAULTS, ...settings, ...REACH, port: String(port) });
  return ['-D', pgdata, ...all.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}
