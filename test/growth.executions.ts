import type { Pool, PoolClient } from 'pg';

/** As much of a plan's node as is looked at; pages and WAL include what is below it, rows are per loop. */
interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Subplan Name'?: string;
  readonly 'CTE Name'?: string;
  readonly 'Actual Loops': number;
  readonly 'Actual Rows': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly 'WAL Bytes': number;
  readonly Plans?: readonly PlanNode[];
}

/** One statement that was run, and how. */
export interface Execution {
  readonly text: string;
  /** Pages that it looked at, in the cache or not. */
  readonly pages: number;
  /** Rows that the steps of its plan handed on or threw away: a join of everything with everything shows here. */
  readonly rows: number;
  readonly walBytes: number;
  /** Tables that it read from end to end. */
  readonly seqScans: readonly string[];
}

/** What a service runs on its database, as the server explains it (auto_explain, as notices). */
export class Executions {
  private seen: Execution[] = [];

  constructor(pools: readonly Pool[]) {
    const heard = new WeakSet<PoolClient>();
    for (const pool of pools) {
      pool.on('acquire', (client) => {
        if (heard.has(client)) return;
        heard.add(client);
        client.on('notice', ({ message }) => this.hear(message ?? ''));
      });
    }
  }

  /** What `work` ran, and whatever else ran meanwhile. */
  async during<T>(work: () => Promise<T>): Promise<{ executions: readonly Execution[]; result: T }> {
    this.seen = [];
    const result = await work();
    return { executions: this.seen, result };
  }

  private hear(message: string): void {
    const json = /^duration: .* plan:\n([^]*)$/.exec(message)?.[1];
    if (json !== undefined) this.seen.push(executionOf(JSON.parse(json)));
  }
}

function executionOf({ 'Query Text': text, Plan: plan }: { 'Query Text': string; Plan: PlanNode }): Execution {
  const nodes = [...below(plan)];
  const read = new Set(nodes.flatMap((node) => node['CTE Name'] ?? []));
  // What a WITH query writes without reading it again runs after the plan proper and is not counted in it.
  const counted = [plan, ...nodes.filter((node) => isUnread(node, read))];
  return {
    text: text.trim(),
    pages: sum(counted, (node) => node['Shared Hit Blocks'] + node['Shared Read Blocks']),
    rows: Math.round(sum(nodes, rowsOf)),
    walBytes: sum(counted, (node) => node['WAL Bytes']),
    seqScans: nodes.flatMap((node) =>
      node['Node Type'] === 'Seq Scan' && node['Actual Loops'] > 0 ? (node['Relation Name'] ?? []) : [],
    ),
  };
}

function rowsOf(node: PlanNode): number {
  const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0);
  return (node['Actual Rows'] + removed) * node['Actual Loops'];
}

function isUnread(node: PlanNode, read: ReadonlySet<string>): boolean {
  const name = node['Subplan Name']?.replace(/^CTE /, '');
  return node['Node Type'] === 'ModifyTable' && name !== undefined && !read.has(name);
}

function* below(node: PlanNode): Generator<PlanNode> {
  yield node;
  for (const child of node.Plans ?? []) yield* below(child);
}

function sum(nodes: readonly PlanNode[], of: (node: PlanNode) => number): number {
  return nodes.reduce((total, node) => total + of(node), 0);
}
