import {
  ACCOUNTS,
  CONNECTIONS,
  FAILING_SHARE,
  KEPT_DAYS,
  LOAD,
  PLANNED_SHARE,
  PROCESS,
  SERVER,
} from './assumptions.js';
import { LIMITS, SEGMENTS_PER_SMS } from './limits.js';
import { bytesOf, type Measured, rowsOf } from '../scaling/measured.js';
import type { Simulation } from './simulate.js';

const MICROS = 1_000_000;
const MEGA = 1_000_000;
const GIGA = 1_000_000_000;
const TERA = 1_000_000_000_000;

/** What one notification costs where its sender has a rate and its pages are cold, as among many millions. */
export function costOf(measured: Measured) {
  const { wal, paced, tables, failure, retention, cpu } = measured;
  return {
    statements: paced.statements,
    walBytes: wal.coldBytes + paced.walBytes - wal.warmBytes,
    /** When its time has come, at any hour of some day. */
    retentionWalBytes: retention.bodies.walBytes + retention.history.walBytes,
    rows: rowsOf(tables) + FAILING_SHARE * rowsOf(failure),
    bytes: bytesOf(tables) + FAILING_SHARE * bytesOf(failure),
    cpu,
  };
}

/** What one of `shards` database servers has to do on the simulated day. */
export interface ShardLoad {
  readonly shards: number;
  /** At the peak, a second. */
  readonly notifications: number;
  readonly statements: number;
  readonly rows: number;
  readonly walMegabytes: number;
  readonly busyCores: number;
  /** A day. */
  readonly walGigabytes: number;
  readonly storedGigabytes: number;
  /** As long as history is kept. */
  readonly terabytes: number;
}

export function shardLoad({ peak }: Pick<Simulation, 'peak'>, measured: Measured, shards: number): ShardLoad {
  const cost = costOf(measured);
  const notifications = peak.lives / shards;
  const daily = LOAD.notificationsADay / shards;
  return {
    shards,
    notifications,
    statements: notifications * cost.statements,
    rows: notifications * cost.rows,
    walMegabytes: (notifications * cost.walBytes) / MEGA,
    busyCores: (notifications * cost.cpu.postgres) / MICROS,
    walGigabytes: (daily * (cost.walBytes + cost.retentionWalBytes)) / GIGA,
    storedGigabytes: (daily * cost.bytes) / GIGA,
    terabytes: (daily * cost.bytes * KEPT_DAYS) / TERA,
  };
}

/** How many servers the day takes, by what each of them runs out of first. */
export function serversNeeded(simulation: Pick<Simulation, 'peak'>, measured: Measured) {
  const one = shardLoad(simulation, measured, 1);
  return {
    byCores: Math.ceil(one.busyCores / (SERVER.cores * SERVER.busyShare)),
    byWal: Math.ceil(one.walMegabytes / SERVER.walMegabytesASecond),
    byStorage: Math.ceil(one.terabytes / SERVER.terabytes),
  };
}

/** The most notifications a day that one server takes, by what it runs out of first, at the simulated day's shape. */
export function oneServer(simulation: Pick<Simulation, 'peak'>, measured: Measured) {
  const one = shardLoad(simulation, measured, 1);
  const day = LOAD.notificationsADay;
  return {
    byCores: (day * SERVER.cores * SERVER.busyShare) / one.busyCores,
    byWal: (day * SERVER.walMegabytesASecond) / one.walMegabytes,
    byStorage: (day * SERVER.terabytes) / one.terabytes,
  };
}

/** Processes and connections at the peak (Little: in flight = rate × latency). */
export function processesNeeded({ peak }: Pick<Simulation, 'peak'>, { cpu }: Measured) {
  const inFlight = peak.sent * ACCOUNTS.latencySeconds;
  const bySlots = Math.ceil(inFlight / PROCESS.slots);
  const byCpu = Math.ceil((peak.lives * cpu.node) / MICROS / PROCESS.busyShare);
  const processes = Math.max(bySlots, byCpu);
  const each = CONNECTIONS.pool + CONNECTIONS.plannedOnce + CONNECTIONS.listen;
  return { inFlight, bySlots, byCpu, processes, connections: processes * each, direct: processes * CONNECTIONS.listen };
}

/** Accounts and subaccounts that the peaks would fill to the planned share. */
export function accountsNeeded({ usualPeak }: Pick<Simulation, 'usualPeak'>) {
  const { concurrentRequests, latencySeconds } = ACCOUNTS;
  const requests = (concurrentRequests / latencySeconds) * PLANNED_SHARE;
  return {
    accounts: Math.ceil((usualPeak.sent * SEGMENTS_PER_SMS) / (LIMITS.account.perSecond * PLANNED_SHARE)),
    subaccounts: Math.ceil(usualPeak.sent / requests),
  };
}
