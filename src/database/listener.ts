import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Client } from 'pg';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.js';
import { CONFIGURATION } from '../config/configuration.js';
import { LOGGER } from '../logging/logger.js';
import { CONNECT_MS, KEEP_ALIVE, SET_SERVER_KEEPALIVES } from './data-source.js';

/** What replicas tell each other. Each is only a hint to look: polling finds the same a little later. */
export const WAKE_CHANNELS = ['postrider_due', 'postrider_circuits', 'postrider_keys'] as const;
export type WakeChannel = (typeof WAKE_CHANNELS)[number];

const HEARTBEAT_MS = 10_000;
/** Its statements touch no table: if one takes longer, the connection is lost. */
const ANSWER_MS = 5000;
/** How long the server may take to close the connection when the process stops. */
const GOODBYE_MS = 1000;
const RECONNECT_FIRST_MS = 200;
const RECONNECT_LAST_MS = 5000;

/**
 * Hears NOTIFY on a connection of its own (LISTEN does not survive a transaction pooler, so DATABASE_LISTEN_URL may
 * name a direct one). A dead LISTEN is silent: a heartbeat detects it, and reconnecting backs off.
 */
@Injectable()
export class Listener implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly handlers = new Map<string, Set<() => void>>();
  private client: Client | null = null;
  private timer: NodeJS.Timeout | null = null;
  private failures = 0;

  constructor(
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  on(channel: WakeChannel, handler: () => void): void {
    const handlers = this.handlers.get(channel) ?? new Set();
    this.handlers.set(channel, handlers.add(handler));
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.connect();
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    await this.disconnect();
  }

  private async connect(): Promise<void> {
    const client = new Client({
      connectionString: this.configuration.env.DATABASE_LISTEN_URL ?? this.configuration.databaseUrl,
      application_name: 'postrider-listen',
      ...KEEP_ALIVE,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: ANSWER_MS,
    });
    client.on('error', () => this.lost(client));
    client.on('end', () => this.lost(client));
    client.on('notification', (message) => this.heard(message.channel));
    this.client = client;
    try {
      await client.connect();
      await client.query([SET_SERVER_KEEPALIVES, ...WAKE_CHANNELS.map((channel) => `LISTEN ${channel}`)].join('; '));
      this.failures = 0;
      // Makes up for what was announced while nobody listened.
      for (const channel of WAKE_CHANNELS) this.heard(channel);
      this.timer = setTimeout(() => void this.beat(client), HEARTBEAT_MS);
    } catch (error) {
      this.log.warn({ err: error }, 'cannot listen for wake-ups; polling until the connection is back');
      this.lost(client);
    }
  }

  private async beat(client: Client): Promise<void> {
    try {
      await client.query('SELECT 1');
      if (this.client === client) this.timer = setTimeout(() => void this.beat(client), HEARTBEAT_MS);
    } catch {
      this.lost(client);
    }
  }

  private lost(client: Client): void {
    if (this.client !== client) return;
    this.client = null;
    if (this.timer) clearTimeout(this.timer);
    client.end().catch(() => {
      // Already gone: that is why it is being replaced.
    });
    const wait = Math.min(RECONNECT_FIRST_MS * 2 ** this.failures++, RECONNECT_LAST_MS);
    this.timer = setTimeout(() => void this.connect(), wait);
  }

  private heard(channel: string): void {
    for (const handler of this.handlers.get(channel) ?? []) handler();
  }

  private async disconnect(): Promise<void> {
    const client = this.client;
    this.client = null;
    if (!client) return;
    // A connection that is silently gone does not answer.
    const patience = setTimeout(() => client.connection.stream.destroy(), GOODBYE_MS);
    await client.end();
    clearTimeout(patience);
  }
}
