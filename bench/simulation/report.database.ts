import { FAILING_SHARE, KEPT_DAYS, SERVER } from './assumptions.js';
import { costOf, oneServer, processesNeeded, serversNeeded, shardLoad } from './capacity.js';
import { figure, millions, table, whole } from '../report/markdown.js';
import { bytesOf, type Measured, rowsOf } from '../scaling/measured.js';
import type { Simulation } from './simulate.js';

const SHARDS = [1, 4, 8, 16, 32];
const A_MILLION = 1_000_000;
const A_YEAR = 365;
const GIGA = 1_000_000_000;

export function costTable(measured: Measured): string {
  const { statements, paced, wal, cpu, retention } = measured;
  const rows = [
    ['statements that write, 64 clients posting one by one', figure(statements)],
    ['the same, for a sender in SENDER_RATES', figure(paced.statements)],
    ['WAL bytes, pages already written to since the checkpoint', whole(wal.warmBytes)],
    ['the same, for a sender in SENDER_RATES', whole(paced.walBytes)],
    ['WAL bytes, every page for the first time since the checkpoint', whole(wal.coldBytes)],
    ['the same, with wal_compression = on', whole(wal.coldCompressedBytes)],
    ['WAL bytes when its body is deleted', whole(retention.bodies.walBytes)],
    ['WAL bytes when its history is deleted', whole(retention.history.walBytes)],
    ['ms in which the bodies of 500 are deleted', figure(retention.bodies.chunkMs)],
    ['ms in which the history of 500 is deleted', figure(retention.history.chunkMs)],
    ['CPU of PostgreSQL, µs', whole(cpu.postgres)],
    ['CPU of the service, µs', whole(cpu.node)],
  ];
  return `${table(['one notification', ''], rows)}\n\n${factsOf(measured)}`;
}

function factsOf({ notifications, date, machine }: Measured): string {
  return `${whole(notifications)} SMS with both callbacks, ${date}; ${machine}.`;
}

/** A million a day: rows a year, and what is stored as long as history is kept. */
export function yearTable({ tables, failure }: Measured): string {
  const line = (name: string, share: number, { rows, heapBytes, indexBytes }: Measured['tables'][string]) => {
    const kept = (bytes: number) => figure((bytes * share * A_MILLION * KEPT_DAYS) / GIGA);
    return [
      name,
      millions(rows * share * A_MILLION * A_YEAR),
      whole(heapBytes),
      whole(indexBytes),
      kept(heapBytes),
      kept(indexBytes),
    ];
  };
  const bytes = bytesOf(tables) + FAILING_SHARE * bytesOf(failure);
  const rows = rowsOf(tables) + FAILING_SHARE * rowsOf(failure);
  const gigabytes = figure((bytes * A_MILLION * KEPT_DAYS) / GIGA);
  return table(
    ['table', 'rows a year', 'bytes', 'index bytes', `GB in ${KEPT_DAYS} days`, 'GB of indexes'],
    [
      ...Object.entries(tables).map(([name, measure]) => line(name, 1, measure)),
      ...Object.entries(failure).map(([name, measure]) => line(name, FAILING_SHARE, measure)),
      ['all', millions(rows * A_MILLION * A_YEAR), whole(bytes), '', gigabytes, ''],
    ],
  );
}

export function shardTable(simulation: Simulation, measured: Measured): string {
  const loads = SHARDS.map((shards) => shardLoad(simulation, measured, shards));
  const needed = serversNeeded(simulation, measured);
  const rows = loads.map((load) => [
    String(load.shards),
    ...[load.notifications, load.statements, load.rows].map(whole),
    ...[load.walMegabytes, load.busyCores, load.walGigabytes, load.storedGigabytes, load.terabytes].map(figure),
  ]);
  const { cores, busyShare, walMegabytesASecond, terabytes } = SERVER;
  const servers = `Servers of ${cores} cores (used to ${busyShare * 100} %), ${walMegabytesASecond} MB of WAL a second and ${terabytes} TB that this takes: ${needed.byCores} by CPU, ${needed.byWal} by WAL, ${needed.byStorage} by storage.`;
  return `${table(
    [
      'shards',
      'peak a second',
      'statements',
      'rows',
      'WAL MB',
      'cores',
      'WAL GB a day',
      'stored GB a day',
      `TB in ${KEPT_DAYS} days`,
    ],
    rows,
  )}\n\n${servers}`;
}

export function endTable(simulation: Simulation, measured: Measured): string {
  const { byCores, byWal, byStorage } = oneServer(simulation, measured);
  const { statements, walBytes, bytes } = costOf(measured);
  const { cores, busyShare, walMegabytesASecond, terabytes } = SERVER;
  return table(
    ['one server', 'a notification takes', 'notifications a day'],
    [
      [`CPU: ${cores} cores, used to ${busyShare * 100} %`, `${whole(measured.cpu.postgres)} µs`, millions(byCores)],
      [`WAL: ${walMegabytesASecond} MB a second`, `${whole(walBytes)} bytes`, millions(byWal)],
      [`storage: ${terabytes} TB for ${KEPT_DAYS} days`, `${whole(bytes)} bytes`, millions(byStorage)],
      ['statements that write', figure(statements), 'not what ends it'],
    ],
  );
}

export function processTable(simulation: Simulation, measured: Measured): string {
  const { inFlight, bySlots, byCpu, processes, connections, direct } = processesNeeded(simulation, measured);
  return table(
    ['at the peak', ''],
    [
      ['attempts in flight', whole(inFlight)],
      ['processes, by their slots', whole(bySlots)],
      ['processes, by their CPU', whole(byCpu)],
      ['processes', whole(processes)],
      ['their connections', whole(connections)],
      ['of them LISTEN, which no pooler can share', whole(direct)],
    ],
  );
}
