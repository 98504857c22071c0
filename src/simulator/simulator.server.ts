import { fastify } from 'fastify';
import { apiRoute } from './api.route.js';
import { controlRoute } from './control.route.js';
import { DEFAULT_OPTIONS, type SimulatorOptions } from './simulator.options.js';
import { SimulatorState } from './simulator.state.js';

export interface RunningSimulator {
  /** Where it listens, without a trailing slash. */
  readonly url: string;
  /** Ends every connection, timer and callback. */
  close(): Promise<void>;
}

/** As many as the service lets wait: tests and benchmarks open a thousand at once. */
const CONNECTIONS_WAITING = 4096;

/** Starts a stand-in for Twilio: its 2010-04-01 messages and calls, and the control routes under `/__simulator`. */
export async function startSimulator(options: Partial<SimulatorOptions> = {}): Promise<RunningSimulator> {
  const settled = { ...DEFAULT_OPTIONS, ...options };
  const state = new SimulatorState(settled);
  const app = fastify({ forceCloseConnections: true, exposeHeadRoutes: false, bodyLimit: 1_048_576 });
  await app.register(apiRoute(state), { prefix: '/2010-04-01/Accounts/:accountSid' });
  await app.register(controlRoute(state), { prefix: '/__simulator' });
  const url = await app.listen({ host: settled.host, port: settled.port, backlog: CONNECTIONS_WAITING });

  return {
    url,
    close: async () => {
      await state.close();
      await app.close();
    },
  };
}
