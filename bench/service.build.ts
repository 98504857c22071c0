import type { DynamicModule, Type } from '@nestjs/common';

/**
 * What the benchmark takes from the service's build, with as much of its types as it needs: the same code that
 * `npm start` runs, not another compilation of it.
 */
interface ServiceModules {
  readonly 'embedded/postgres.server': {
    readonly startEmbeddedPostgres: (options: {
      dataDir: string;
      settings?: Record<string, string>;
    }) => Promise<EmbeddedPostgres>;
  };
  readonly 'config/read-environment': { readonly readEnvironment: (variables: NodeJS.ProcessEnv) => Environment };
  readonly 'config/configuration': {
    readonly configure: (env: Environment, surroundings: unknown, publicUrl: string) => unknown;
  };
  readonly 'embedded/surroundings': {
    readonly bringSurroundings: (
      env: Environment,
      log: (line: string) => void,
    ) => Promise<{ readonly surroundings: unknown }>;
  };
  readonly 'database/migrate': { readonly migrate: (databaseUrl: string) => Promise<string[]> };
  readonly 'logging/logger': { readonly createLogger: (level: string, role: string) => unknown };
  readonly service: {
    readonly startService: (configuration: unknown, logger: unknown) => Promise<{ close(): Promise<void> }>;
  };
  readonly 'outbox/notification.intake': {
    readonly NotificationIntake: Type<{ enqueue(notification: unknown): unknown }>;
  };
  readonly 'outbox/store-notifications': {
    readonly storeNotifications: (
      database: unknown,
      group: readonly unknown[],
      lease: null,
    ) => Promise<{ readonly results: readonly unknown[] }>;
  };
  readonly 'validation/validation.pipe': {
    readonly ValidationPipe: Type<{ transform(value: unknown, to: { type: 'body'; metatype: Type }): unknown }>;
  };
  readonly 'notifications/create-notification.dto': { readonly CreateNotificationDto: Type<NotificationRequest> };
  readonly 'notifications/notification.view': { readonly acceptedView: (accepted: unknown) => object };
  readonly 'twilio/twilio.module': {
    readonly TwilioModule: { register(settings: { useFactory: () => unknown }): DynamicModule };
  };
  readonly 'twilio/error-codes/error-code-table': { readonly ERROR_CODE_TABLE: symbol };
  readonly 'twilio/error-codes/table': { readonly TWILIO_ERROR_CODES: object };
  readonly 'twilio/twilio.client': { readonly TwilioClient: Type<TwilioSender> };
  readonly 'twilio/twilio.requests': {
    readonly encodeForm: (fields: Readonly<Record<string, string>>) => string;
  };
}

interface EmbeddedPostgres {
  readonly url: string;
  readonly dataDir: string;
  readonly pid: number;
  stop(): Promise<void>;
}

interface Environment {
  readonly PORT: number;
  readonly HOST: string;
  readonly LOG_LEVEL: string;
  readonly ROLE: string;
}

/** A checked request, as far as the benchmark looks into it. */
export interface NotificationRequest {
  readonly to: string;
  readonly channels: readonly string[];
  readonly category?: string;
  readonly body?: string;
  readonly metadata?: object;
}

interface TwilioSender {
  create(
    resource: 'message',
    form: string,
    ids: { readonly attemptId: string; readonly deliveryId: string },
  ): Promise<{ readonly sid: string }>;
}

/** Loads a module of the service's build, named by its path in src without the ending. */
export async function fromService<Name extends keyof ServiceModules>(name: Name): Promise<ServiceModules[Name]> {
  return (await import(new URL(`../../dist/src/${name}.js`, import.meta.url).href)) as ServiceModules[Name];
}

/** The program that `npm start` runs. */
export const SERVICE_PROGRAM = new URL('../../dist/src/main.js', import.meta.url).pathname;
