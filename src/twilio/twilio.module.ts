import { HttpModule, HttpService } from '@nestjs/axios';
import { Inject, Module } from '@nestjs/common';
import type { DynamicModule, FactoryProvider, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import packageJson from '../../package.json' with { type: 'json' };
import { ErrorClassifierInterceptor } from './error-classifier.interceptor.js';
import { TwilioClient } from './twilio.client.js';
import { TWILIO_SETTINGS, basicAuthorization } from './twilio.settings.js';
import type { TwilioSettings } from './twilio.settings.js';
import { undiciAdapter } from './undici.adapter.js';
import type { UndiciAdapter } from './undici.adapter.js';

/** How the settings are created: a factory and its dependencies, which must be global. */
export type TwilioSettingsProvider = Pick<FactoryProvider<TwilioSettings>, 'inject' | 'useFactory'>;

const TWILIO_ADAPTER = Symbol('TWILIO_ADAPTER');

/** Holds what both HttpModule and TwilioModule depend on, so that each exists only once. */
@Module({})
class TwilioConnectionModule implements OnApplicationShutdown {
  constructor(@Inject(TWILIO_ADAPTER) private readonly adapter: UndiciAdapter) {}

  async onApplicationShutdown(): Promise<void> {
    await this.adapter.close();
  }

  static register(settings: TwilioSettingsProvider): DynamicModule {
    return {
      module: TwilioConnectionModule,
      providers: [
        { provide: TWILIO_SETTINGS, ...settings },
        { provide: TWILIO_ADAPTER, inject: [TWILIO_SETTINGS], useFactory: adapterFor },
      ],
      exports: [TWILIO_SETTINGS, TWILIO_ADAPTER],
    };
  }
}

/** The injectable Twilio client: HttpService over undici, with every failure classified. */
@Module({})
export class TwilioModule implements OnModuleInit {
  constructor(@Inject(HttpService) private readonly http: HttpService) {}

  onModuleInit(): void {
    keepOnly(this.http.axiosRef.defaults, HEEDED_DEFAULTS);
  }

  static register(settings: TwilioSettingsProvider): DynamicModule {
    const connection = TwilioConnectionModule.register(settings);
    const http = HttpModule.registerAsync({
      imports: [connection],
      inject: [TWILIO_ADAPTER, TWILIO_SETTINGS],
      useFactory: (adapter: UndiciAdapter, { timeoutMs }: TwilioSettings) => ({ adapter, timeout: timeoutMs }),
    });
    return {
      module: TwilioModule,
      imports: [connection, http],
      providers: [TwilioClient, ErrorClassifierInterceptor],
      exports: [TwilioClient],
    };
  }
}

function adapterFor(settings: TwilioSettings): UndiciAdapter {
  return undiciAdapter({
    baseUrl: settings.baseUrl,
    connections: settings.connections,
    connectTimeoutMs: settings.timeoutMs,
    headers: {
      Accept: 'application/json',
      'User-Agent': `postrider/${packageJson.version}`,
      Authorization: basicAuthorization(settings),
    },
  });
}

/**
 * Axios merges its defaults into every request: transforms, XSRF names, a set of headers for each method. The adapter
 * uses none of them, and they made up a fifth of the cost of a send.
 */
const HEEDED_DEFAULTS: ReadonlySet<string> = new Set(['adapter', 'timeout']);

function keepOnly(defaults: object, names: ReadonlySet<string>): void {
  for (const name of Object.keys(defaults)) {
    if (!names.has(name)) Reflect.deleteProperty(defaults, name);
  }
}
