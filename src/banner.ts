import type { Configuration } from './config/configuration.js';
import type { RunningSurroundings } from './embedded/surroundings.js';
import { CHANNELS } from './policy/vocabulary.js';

/** The text printed when the service is ready: its addresses, the admin key and a command to try. */
export function banner(configuration: Configuration, running: RunningSurroundings, url: string): string {
  const { env, twilio, adminApiKey, publicUrl } = configuration;
  const embedded = running.started.includes('database');
  // Double quotes let the shell expand $ADMIN_API_KEY; single quotes keep a literal key as it is.
  const authorization =
    adminApiKey && embedded ? `'Authorization: Bearer ${adminApiKey}'` : '"Authorization: Bearer $ADMIN_API_KEY"';
  const lines = [
    '',
    `  Postrider is ready (${env.ROLE}).`,
    '',
    // A worker serves only its health and metrics.
    ...(env.ROLE === 'worker'
      ? []
      : [`  API        ${url}/v1/notifications`, `  Docs       ${url}/docs   OpenAPI ${url}/openapi.json`]),
    `  Health     ${url}/health   Metrics ${url}/metrics`,
    `  Callbacks  ${publicUrl}/callbacks/twilio/…`,
    `  Database   ${embedded ? `embedded PostgreSQL, data in ${running.databaseDir ?? env.DATA_DIR}` : 'as DATABASE_URL says'}`,
    `  Twilio     ${twilio.simulated ? `the bundled simulator at ${twilio.baseUrl}; nothing reaches a real phone` : twilio.baseUrl}`,
    `  Admin key  ${adminApiKey ? (embedded ? adminApiKey : 'as ADMIN_API_KEY says') : 'none: set ADMIN_API_KEY to make the first key'}`,
    '',
    ...(env.ROLE === 'worker' ? [] : lineToTry(url, authorization, twilio)),
    '  Ctrl-C stops everything. npm run demo shows every kind of notification.',
    '',
    '',
  ];
  return lines.join('\n');
}

function lineToTry(url: string, authorization: string, { simulated, senders }: Configuration['twilio']): string[] {
  // A real provider has no number to try things with but the reader's own.
  const to = simulated ? '+15551230001' : 'your number, as +1…';
  const channels = CHANNELS.filter((channel) => senders[channel] !== undefined).slice(0, 2);
  if (channels.length === 0) return [];
  return [
    '  Try it:',
    '',
    `    curl -s ${url}/v1/notifications -H ${authorization} \\`,
    `      -H 'Content-Type: application/json' \\`,
    `      -d '${JSON.stringify({ to, channels, body: 'Hello from Postrider' })}'`,
    '',
  ];
}
