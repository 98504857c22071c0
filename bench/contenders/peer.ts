import type { PeerCalls, PeerSetup } from '../peers/peer.calls.js';
import type { Cleanup } from '../stage/cleanup.js';
import { Program } from '../stage/program.js';
import type { Stage } from '../stage/stage.js';
import type { Contender, Running, Setup } from './contender.js';

interface PeerProgram {
  readonly name: string;
  /** The program in the benchmark's build, and what it is told after its setup. */
  readonly file: string;
  readonly args?: readonly string[];
  readonly stores: readonly ('postgres' | 'redis')[];
}

/** Something else that does Postrider's work, in a process of its own. */
class Peer implements Contender {
  readonly name: string;

  constructor(private readonly peer: PeerProgram) {
    this.name = peer.name;
  }

  missing(stage: Stage): string | null {
    return this.peer.stores.includes('redis') && stage.redis === null ? 'no redis-server on the PATH' : null;
  }

  async start(stage: Stage, setup: Setup): Promise<Running> {
    const cleanup = stage.cleanup.nested();
    try {
      return await this.startOn(stage, setup, cleanup);
    } catch (error) {
      await cleanup.run();
      throw error;
    }
  }

  private async startOn(stage: Stage, setup: Setup, cleanup: Cleanup): Promise<Running> {
    const databaseUrl = await stage.postgres.createDatabase(cleanup);
    const peerSetup: PeerSetup = {
      databaseUrl,
      redisUrl: (await stage.redis?.createDatabase(cleanup)) ?? null,
      providerUrl: stage.provider.url,
      role: setup.role,
      concurrency: setup.concurrency,
    };
    const program = await Program.start<PeerCalls>(cleanup, this.peer.file, {
      args: [JSON.stringify(peerSetup), ...(this.peer.args ?? [])],
      ...(setup.nodeArgs ? { nodeArgs: setup.nodeArgs } : {}),
    });
    return {
      url: program.url,
      pids: [program.pid],
      requests: { kind: 'notifications', headers: {} },
      storeCpuMicros: () => this.peer.stores.reduce((sum, store) => sum + (stage[store]?.cpuMicros() ?? 0), 0),
      fill: (count) => program.call('fill', count),
      unfinished: () => program.call('unfinished'),
      stop: () => cleanup.run(),
    };
  }
}

export const BULLMQ: Contender = new Peer({
  name: 'BullMQ on Redis',
  file: 'peers/queue.main',
  args: ['bullmq'],
  stores: ['redis'],
});

export const GRAPHILE_WORKER: Contender = new Peer({
  name: 'graphile-worker, batched',
  file: 'peers/queue.main',
  args: ['graphile-worker'],
  stores: ['postgres'],
});

export const PG_BOSS: Contender = new Peer({
  name: 'pg-boss',
  file: 'peers/queue.main',
  args: ['pg-boss'],
  stores: ['postgres'],
});

/** Nest on Express, TypeORM, BullMQ and the provider's own library. */
export const USUAL_TEAM: Contender = new Peer({
  name: 'what a team usually writes',
  file: 'peers/usual-team/usual-team.main',
  stores: ['postgres', 'redis'],
});

/** Nest on Fastify: the same DTO checked by its ValidationPipe, the same answer, and nothing behind it. */
export const NEST_WITHOUT_DATABASE: Contender = new Peer({
  name: 'Nest on Fastify, same validation, no database',
  file: 'limits/nest-without-database.main',
  stores: [],
});

/** The same with the service's own pipe, which checks the same rules in less time. */
export const OWN_PIPE_WITHOUT_DATABASE: Contender = new Peer({
  name: 'the same, checked by Postrider’s pipe',
  file: 'limits/nest-without-database.main',
  args: ['own'],
  stores: [],
});

/** The floor of accepting and sending: the same in front of undici, with nothing stored in between. */
export const NOTHING_STORED: Contender = new Peer({
  name: 'Nest on Fastify before undici, nothing stored',
  file: 'limits/nest-without-database.main',
  args: ['own'],
  stores: [],
});
