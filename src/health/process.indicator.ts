import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { HealthIndicator, HealthReport } from './health-indicators.js';

const RESOLUTION_MS = 20;
const NANOSECONDS = 1e6;

/** Beyond these the process still runs, but not well. */
const LONGEST_DELAY_MS = 1000;
const FULLEST_HEAP = 0.9;

/** This process: how late its event loop runs, how full its heap is. */
@Injectable()
export class ProcessIndicator implements HealthIndicator, OnApplicationBootstrap, OnApplicationShutdown {
  readonly name = 'process';

  private readonly delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  onApplicationBootstrap(): void {
    this.delay.enable();
  }

  onApplicationShutdown(): void {
    this.delay.disable();
  }

  /** The delay is measured since the last check. */
  check(): Promise<HealthReport> {
    const heap = getHeapStatistics();
    const heapUse = heap.used_heap_size / heap.heap_size_limit;
    // The histogram measures whole intervals: only what exceeds one is delay.
    const delayP99Ms = Math.max(0, Math.round(this.delay.percentile(99) / NANOSECONDS) - RESOLUTION_MS);
    this.delay.reset();
    return Promise.resolve({
      up: delayP99Ms < LONGEST_DELAY_MS && heapUse < FULLEST_HEAP,
      details: {
        uptimeSeconds: Math.round(process.uptime()),
        eventLoopDelayP99Ms: delayP99Ms,
        heapUsedPercent: Math.round(heapUse * 100),
        residentBytes: process.memoryUsage.rss(),
      },
    });
  }
}
