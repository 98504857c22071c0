import { acceptAndSend } from './accept-and-send.js';
import { around, aroundTenMillion, neverAnalysed } from './around.js';
import { backlog } from './backlog.js';
import { batch } from './batch.js';
import { callbacks } from './callbacks.js';
import type { BenchCase } from './case.js';
import { intake } from './intake.js';
import { latency } from './latency.js';
import { lookUps } from './look-ups.js';
import { machine } from './machine.js';
import { memory } from './memory.js';
import { sendCpu } from './send-cpu.js';
import { slowProvider } from './slow-provider.js';
import { start } from './start.js';
import { twoWorkers } from './two-workers.js';

/** Every case, in the order of docs/performance.md. */
export const CASES: readonly BenchCase[] = [
  machine,
  intake,
  batch,
  acceptAndSend,
  backlog,
  slowProvider,
  sendCpu,
  latency,
  callbacks,
  lookUps,
  around,
  aroundTenMillion,
  neverAnalysed,
  twoWorkers,
  start,
  memory,
];
