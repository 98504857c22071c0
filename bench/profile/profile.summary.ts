import { readFile } from 'node:fs/promises';
import { table } from '../report/markdown.js';

const MOST_FUNCTIONS = 30;
const MOST_PLACES = 15;
/** What is no work: waiting for something to happen. */
const IDLE = new Set(['(idle)', '(program)', '(root)']);

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
    readonly children?: readonly number[];
  }[];
  /** Microseconds on the machine's monotonic clock. */
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/**
 * Where the time of a CPU profile went from `sinceMs` on (so without the start of the process): by package or folder,
 * by function, and by the service's own functions with all that they call. Shares are of the time that was worked.
 */
export async function summariseProfile(file: string, sinceMs: number): Promise<string> {
  const profile = JSON.parse(await readFile(file, 'utf8')) as CpuProfile;
  const frames = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
  const parents = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  );
  const byPlace = new Map<string, number>();
  const byFunction = new Map<string, number>();
  const withCallees = new Map<string, number>();
  let worked = 0;
  let at = profile.startTime;
  profile.samples.forEach((id, index) => {
    const micros = profile.timeDeltas[index] ?? 0;
    at += micros;
    const frame = frames.get(id);
    if (at < sinceMs * 1000 || !frame || IDLE.has(frame.functionName)) return;
    worked += micros;
    add(byPlace, placeOf(frame).group, micros);
    add(byFunction, nameOf(frame), micros);
    for (const own of ownFunctions(id, frames, parents)) add(withCallees, own, micros);
  });
  return [
    shares('package or folder', byPlace, worked, MOST_PLACES),
    shares('function, by itself', byFunction, worked, MOST_FUNCTIONS),
    shares('own function, with what it calls', withCallees, worked, MOST_FUNCTIONS),
  ].join('\n\n');
}

/** The service's own functions on the stack, each once. */
function ownFunctions(
  leaf: number,
  frames: ReadonlyMap<number, CallFrame>,
  parents: ReadonlyMap<number, number>,
): Set<string> {
  const names = new Set<string>();
  for (let id: number | undefined = leaf; id !== undefined; id = parents.get(id)) {
    const frame = frames.get(id);
    if (frame && placeOf(frame).isOwn) names.add(nameOf(frame));
  }
  return names;
}

function shares(title: string, times: ReadonlyMap<string, number>, all: number, most: number): string {
  const top = [...times].toSorted(([, a], [, b]) => b - a).slice(0, most);
  return table(
    [title, 'share'],
    top.map(([name, micros]) => [name, `${((micros / all) * 100).toFixed(1)}%`]),
  );
}

function nameOf(frame: CallFrame): string {
  const { file } = placeOf(frame);
  return `${frame.functionName || '(anonymous)'}${file === '' ? '' : ` ${file}:${frame.lineNumber + 1}`}`;
}

function placeOf({ url }: CallFrame): { group: string; file: string; isOwn: boolean } {
  if (url === '') return { group: 'V8 and native code', file: '', isOwn: false };
  if (url.startsWith('node:')) return { group: 'Node', file: url, isOwn: false };
  const module = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)$/.exec(url);
  if (module) return { group: module[1] ?? '', file: `${module[1]}/${module[2]}`, isOwn: false };
  const own = /\/dist\/(src\/[^/]+)(.*)$/.exec(url);
  return own
    ? { group: own[1] ?? '', file: `${own[1]}${own[2]}`, isOwn: true }
    : { group: url, file: url, isOwn: false };
}

function add(times: Map<string, number>, name: string, micros: number): void {
  times.set(name, (times.get(name) ?? 0) + micros);
}
