import { expect, it } from 'vitest';
import { AttemptRunner } from '../src/dispatch/attempt.runner.js';
import { CircuitBoard } from '../src/incidents/circuit.board.js';
import { openCircuit, SENDER, SMS } from './incidents.circuit.setup.js';
import { acceptanceOf, DEAD_LETTER, failure } from './outbox.setup.js';
import { moveClock } from './support/clock.js';
import { partOf } from './support/part-of.js';
import { Provider } from './support/service.js';

it('a probe whose question is answered by what has reached us closes no circuit: the provider answered nothing', async () => {
  const { service, databaseUrl, simulator, lease, outbox, claim, id, probe, recorder, one } = await openCircuit();
  const sent = await lease({ sender: SENDER });
  await moveClock(databaseUrl, 60_000);
  await outbox.rescue();
  const waits = { kind: 'hold', reason: 'the circuit is open' } as const;
  await outbox.settleUnsuccessful({ work: await claim(), attempt: null, failure: null, step: waits, heldBy: id });
  expect(await probe()).toBe(true);
  const work = await claim();
  expect(work).toMatchObject({ attemptId: sent.attemptId, stage: 'reconcile', probe: true, releasedBy: id });

  recorder.accepted(acceptanceOf(sent));
  await recorder.settled();
  const asked = { work, leasedAt: performance.now() };
  expect(await partOf(service, AttemptRunner).run(asked, new AbortController().signal)).toBeNull();
  await recorder.settled();
  expect(await new Provider(simulator.url).requests(sent.recipient)).toEqual([]);
  expect(partOf(service, CircuitBoard).get(SMS).state).toBe('open');
  expect(await one('state')).toBe('open');
});

it('a question whose answer has reached us meanwhile is not held by an open circuit', async () => {
  const { service, databaseUrl, lease, outbox, claim, recorder, standing } = await openCircuit();
  const sent = await lease({ sender: SENDER, channels: ['sms'] });
  await moveClock(databaseUrl, 60_000);
  await outbox.rescue();
  const work = await claim();
  const attempt = { startedAt: sent.attemptStartedAt, durationMs: 10 };
  recorder.unsuccessful({ work: sent, attempt, failure: failure(), step: DEAD_LETTER });
  await recorder.settled();
  await partOf(service, AttemptRunner).run({ work, leasedAt: performance.now() }, new AbortController().signal);
  await recorder.settled();
  expect(await standing(sent.notificationId)).toMatchObject({ status: 'failed', stage: null, deadLetters: 1 });
});
