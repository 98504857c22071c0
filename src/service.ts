import { setTimeout as delay } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { AppModule } from './app.module.js';
import { askForKeysFirst } from './clients/key-first.hook.js';
import type { Configuration } from './config/configuration.js';
import { inTime } from './concurrency/in-time.js';
import { Draining } from './health/draining.js';
import { configureHttp, createFastifyAdapter } from './http/http.setup.js';
import { CannotListenError } from './listening-port.js';
import { NestLogger } from './logging/nest.logger.js';
import { serveOpenApi } from './openapi/openapi.setup.js';

export interface RunningService {
  readonly app: NestFastifyApplication;
  /** The URL it listens at. */
  readonly url: string;
  /** Reports that it is no longer ready, and keeps serving until `SHUTDOWN_DELAY_MS` have passed. */
  leave(): Promise<void>;
  /** Stops claiming, finishes what is in flight, closes; takes at most the timeout of a request and some seconds. */
  close(): Promise<void>;
}

/**
 * Connections that the system may complete before this process takes them, as far as it allows (Linux by default: 4096).
 * With Node's 511, a burst of callers during a busy second waits for TCP to try again, and in the end for nothing: what
 * it sent is answered with a reset.
 */
const CONNECTIONS_WAITING = 4096;

/** Starts the service as configured. The database must be running and migrated. */
export async function startService(configuration: Configuration, logger: Logger): Promise<RunningService> {
  const { env } = configuration;
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.register(configuration, logger),
    createFastifyAdapter(env.ROLE),
    { logger: new NestLogger(logger), abortOnError: false },
  );
  try {
    configureHttp(app);
    askForKeysFirst(app);
    serveOpenApi(app);
    await app.init();
    await app.listen({ port: env.PORT, host: env.HOST, backlog: CONNECTIONS_WAITING }).catch((error: unknown) => {
      throw new CannotListenError(error);
    });
  } catch (error) {
    await app.close();
    throw error;
  }
  return {
    app,
    url: await app.getUrl(),
    leave: () => leave(app, env.SHUTDOWN_DELAY_MS),
    close: () => close(app, env.TWILIO_TIMEOUT_MS, logger),
  };
}

/** Load balancers notice that this replica is not ready with a delay; until then, it must not refuse what they send. */
async function leave(app: NestFastifyApplication, delayMs: number): Promise<void> {
  app.get(Draining).begin();
  await delay(delayMs);
}

/** How long closing may take beyond the requests in flight, in milliseconds. */
const CLOSING_MS = 5000;

/** A database that does not answer must not keep the process from ending: its leases expire and are taken over. */
async function close(app: NestFastifyApplication, timeoutMs: number, logger: Logger): Promise<void> {
  if (await inTime(app.close(), timeoutMs + CLOSING_MS)) return;
  logger.warn('stopping before everything was closed: something, most likely the database, does not answer');
}
