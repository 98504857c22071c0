import { randomUUID } from 'node:crypto';
import type { RetryPolicy } from '../policy/retry.policy.js';
import type { Channel } from '../policy/vocabulary.js';
import type { Environment } from './environment.schema.js';

/** Injection token of {@link Configuration}. */
export const CONFIGURATION = Symbol('CONFIGURATION');

/** The database, the provider and the admin key: from the environment, or else brought along; see src/embedded. */
export interface Surroundings {
  readonly databaseUrl: string;
  readonly twilio: {
    readonly accountSid: string;
    readonly authToken: string;
    readonly baseUrl: string;
    /** Without `whatsapp:`. */
    readonly senders: Readonly<Partial<Record<Channel, string>>>;
    readonly statusUrl: string;
    /** The bundled simulator stands in for Twilio: nothing reaches a real phone. */
    readonly simulated: boolean;
  };
  readonly adminApiKey: string | null;
}

/** The validated environment, completed by the surroundings. Immutable for the life of the process. */
export interface Configuration {
  readonly env: Environment;
  /** Identifies this start of this process, as the owner of its leases. */
  readonly bootId: string;
  readonly databaseUrl: string;
  readonly publicUrl: string;
  readonly adminApiKey: string | null;
  readonly retryPolicy: RetryPolicy;
  readonly twilio: Surroundings['twilio'] & {
    /** A callback may be signed with any of these; while the auth token is rotated there are two. */
    readonly signatureTokens: readonly string[];
    readonly apiKey: { readonly sid: string; readonly secret: string } | null;
    readonly timeoutMs: number;
    readonly connections: number;
  };
}

export function configure(env: Environment, surroundings: Surroundings, publicUrl: string): Configuration {
  return {
    env,
    bootId: randomUUID(),
    databaseUrl: surroundings.databaseUrl,
    publicUrl: publicUrl.replace(/\/+$/, ''),
    adminApiKey: surroundings.adminApiKey,
    retryPolicy: {
      baseMs: env.RETRY_BASE_MS,
      factor: env.RETRY_FACTOR,
      max: env.RETRY_MAX,
      budgetMs: env.RETRY_BUDGET_MS,
    },
    twilio: {
      ...surroundings.twilio,
      signatureTokens: [surroundings.twilio.authToken, env.TWILIO_AUTH_TOKEN_SECONDARY].filter(
        (token) => token !== undefined,
      ),
      apiKey:
        env.TWILIO_API_KEY_SID && env.TWILIO_API_KEY_SECRET
          ? { sid: env.TWILIO_API_KEY_SID, secret: env.TWILIO_API_KEY_SECRET }
          : null,
      timeoutMs: env.TWILIO_TIMEOUT_MS,
      // One for every attempt that may be in flight, so that none waits for a connection while its deadline runs.
      connections: env.DISPATCH_CONCURRENCY,
    },
  };
}
