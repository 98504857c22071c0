import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Logger, pino } from 'pino';
import { expect } from 'vitest';
import { AuditModule } from '../../src/audit/audit.module.js';
import { ClientsModule } from '../../src/clients/clients.module.js';
import { askForKeysFirst } from '../../src/clients/key-first.hook.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { configure } from '../../src/config/configuration.js';
import { readEnvironment } from '../../src/config/read-environment.js';
import { DatabaseModule } from '../../src/database/database.module.js';
import { HealthModule } from '../../src/health/health.module.js';
import { configureHttp, createFastifyAdapter } from '../../src/http/http.setup.js';
import { LoggingModule } from '../../src/logging/logging.module.js';
import { NestLogger } from '../../src/logging/nest.logger.js';
import { serveOpenApi } from '../../src/openapi/openapi.setup.js';
import { ProblemsModule } from '../../src/problems/problems.module.js';
import { PROBLEM_TYPES, type ProblemSlug, problemTypeUri } from '../../src/problems/problem-types.js';

export const ADMIN_KEY = 'an-admin-key-for-tests-only';

@Module({})
class EdgeModule {}

export interface Edge {
  readonly app: NestFastifyApplication;
  readonly url: string;
  /** What was logged so far. */
  readonly log: readonly Record<string, unknown>[];
}

export interface EdgeOptions {
  readonly databaseUrl: string;
  readonly adminApiKey?: string | null;
  readonly environment?: NodeJS.ProcessEnv;
  readonly controllers?: ModuleMetadata['controllers'];
}

/** The edge of the service with everything real in it, listening on a loopback port of its own. */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const { log, logger } = memoryLogger();
  const app = await NestFactory.create<NestFastifyApplication>(
    edgeModule(options, logger),
    createFastifyAdapter('all'),
    {
      logger: new NestLogger(logger),
      abortOnError: false,
    },
  );
  configureHttp(app);
  askForKeysFirst(app);
  serveOpenApi(app);
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl(), log };
}

function edgeModule({ databaseUrl, adminApiKey = ADMIN_KEY, ...options }: EdgeOptions, logger: Logger): DynamicModule {
  const env = readEnvironment({ DATABASE_URL: databaseUrl, ...options.environment });
  const twilio = { accountSid: '', authToken: '', baseUrl: '', senders: {}, statusUrl: '', simulated: true };
  const configuration = configure(env, { databaseUrl, twilio, adminApiKey }, 'http://127.0.0.1');
  return {
    module: EdgeModule,
    imports: [
      ConfigModule.register(configuration),
      LoggingModule.register(logger),
      ProblemsModule,
      DatabaseModule,
      HealthModule,
      AuditModule,
      ClientsModule,
    ],
    controllers: options.controllers ?? [],
  };
}

function memoryLogger(): { log: readonly Record<string, unknown>[]; logger: Logger } {
  const log: Record<string, unknown>[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void log.push(JSON.parse(line)) });
  return { log, logger };
}

export interface Answer<Body = Record<string, unknown>> {
  readonly status: number;
  /** Without its parameters. */
  readonly mediaType: string | undefined;
  readonly headers: Headers;
  readonly body: Body;
}

export interface Question {
  /** Sent as JSON; a string goes as it is. */
  readonly body?: unknown;
  /** null for none; the admin key where it is left out. */
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a request and reads the JSON that comes back. */
export async function ask<Body = Record<string, unknown>>(
  edge: Edge,
  method: string,
  path: string,
  { body, key = ADMIN_KEY, headers = {} }: Question = {},
): Promise<Answer<Body>> {
  const bearer = key === null ? {} : { authorization: `Bearer ${key}` };
  const json = body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await fetch(edge.url + path, {
    method,
    headers: { ...json, ...bearer, ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    mediaType: response.headers.get('content-type')?.split(';')[0],
    headers: response.headers,
    body: JSON.parse(text === '' ? '{}' : text),
  };
}

/** How an answer with a problem looks, for toMatchObject. */
export function problem(status: number, slug: ProblemSlug, more: object = {}): object {
  return {
    status,
    mediaType: 'application/problem+json',
    body: {
      type: problemTypeUri(slug),
      title: PROBLEM_TYPES[slug].title,
      status,
      detail: expect.any(String),
      instance: expect.any(String),
      ...more,
    },
  };
}
