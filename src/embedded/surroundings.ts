import { join } from 'node:path';
import type { Surroundings } from '../config/configuration.js';
import type { Environment } from '../config/environment.schema.js';
import type { Channel } from '../policy/vocabulary.js';
import { keptAdminKey } from './admin-key.file.js';
import { databaseFolder } from './database.folder.js';
import { startEmbeddedPostgres } from './postgres.server.js';
import { startSimulatorProcess } from './simulator.process.js';

/** Fixed test values of the bundled simulator: no secrets. */
const SIMULATOR = {
  accountSid: 'AC0123456789abcdef0123456789abcdef',
  authToken: 'fedcba9876543210fedcba9876543210',
  senders: { sms: '+15005550006', whatsapp: '+14155238886', voice: '+15005550006' },
} as const satisfies { accountSid: string; authToken: string; senders: Record<Channel, string> };

const TWILIO = { baseUrl: 'https://api.twilio.com', statusUrl: 'https://status.twilio.com/api/v2/summary.json' };

export interface RunningSurroundings {
  readonly surroundings: Surroundings;
  /** What was started because the environment did not name it. */
  readonly started: readonly ('database' | 'simulator')[];
  /** Where the embedded server keeps its data; null without one. */
  readonly databaseDir: string | null;
  /** Resolves when something that was started has ended, whoever ended it: the service cannot do without it. */
  readonly lost: Promise<Error>;
  /** Stops what was started, in reverse order. */
  stop(): Promise<void>;
}

/** Something that was started has ended before it was stopped. */
class SurroundingsLostError extends Error {
  override readonly name = 'SurroundingsLostError';
}

/** Provides what the environment leaves out: a database, a Twilio, an admin key. Leaves nothing running if it fails. */
export async function bringSurroundings(env: Environment, log: (line: string) => void): Promise<RunningSurroundings> {
  const stops: (() => Promise<void>)[] = [];
  const ends: Promise<Error>[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).toReversed()) await end();
  };
  try {
    const started: ('database' | 'simulator')[] = [];
    let databaseUrl = env.DATABASE_URL;
    let databaseDir: string | null = null;
    if (!databaseUrl) {
      const database = await startEmbeddedPostgres({ dataDir: databaseFolder(env.DATA_DIR), log });
      stops.push(() => database.stop());
      ends.push(
        lossOf('The embedded PostgreSQL', database.ended, `its log is ${join(database.dataDir, 'server.log')}`),
      );
      started.push('database');
      databaseUrl = database.url;
      databaseDir = database.dataDir;
    }
    const twilio = await twilioOf(env, async () => {
      const simulator = await startSimulatorProcess();
      stops.push(() => simulator.stop());
      ends.push(lossOf('The Twilio simulator', simulator.ended, 'what it said stands above'));
      started.push('simulator');
      return simulator.url;
    });
    const adminApiKey = env.ADMIN_API_KEY ?? (env.DATABASE_URL ? null : await keptAdminKey(env.DATA_DIR));
    return { surroundings: { databaseUrl, twilio, adminApiKey }, started, databaseDir, lost: Promise.race(ends), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function lossOf(what: string, ended: Promise<string>, traces: string): Promise<Error> {
  const how = await ended;
  return new SurroundingsLostError(
    `${what} ended although nobody stopped it (${how}), so Postrider ends, too: start it again; ${traces}.`,
  );
}

async function twilioOf(env: Environment, startSimulator: () => Promise<string>): Promise<Surroundings['twilio']> {
  const senders = {
    ...(env.TWILIO_SMS_FROM ? { sms: env.TWILIO_SMS_FROM } : {}),
    ...(env.TWILIO_WHATSAPP_FROM ? { whatsapp: env.TWILIO_WHATSAPP_FROM } : {}),
    ...(env.TWILIO_VOICE_FROM ? { voice: env.TWILIO_VOICE_FROM } : {}),
  };
  if (env.TWILIO_ACCOUNT_SID && env.TWILIO_AUTH_TOKEN) {
    return {
      accountSid: env.TWILIO_ACCOUNT_SID,
      authToken: env.TWILIO_AUTH_TOKEN,
      baseUrl: env.TWILIO_BASE_URL ?? TWILIO.baseUrl,
      statusUrl: env.TWILIO_STATUS_URL ?? TWILIO.statusUrl,
      senders,
      simulated: false,
    };
  }
  const baseUrl = await startSimulator();
  return {
    accountSid: SIMULATOR.accountSid,
    authToken: SIMULATOR.authToken,
    baseUrl,
    statusUrl: env.TWILIO_STATUS_URL ?? `${baseUrl}/__simulator/status/api/v2/summary.json`,
    senders: { ...SIMULATOR.senders, ...senders },
    simulated: true,
  };
}
