import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { Provider, startTestService } from '../support/service.js';

/** Runs Debian's promtool; its exit code is 3 where it only has objections. */
async function promtool(args: readonly string[], input = ''): Promise<{ code: number | null; said: string }> {
  const child = spawn('promtool', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = once(child, 'close');
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  try {
    await exited;
  } catch {
    throw new Error("promtool is not installed. It is in Debian's package prometheus: apt-get install it.");
  }
  return { code: child.exitCode, said: (await said).join('') };
}

it('promtool has no objection to the metrics, with every kind of sample on the page', async () => {
  const { api, url, simulator } = await startTestService();
  const to = '+15551230001';
  await api.untilStatus(await api.send({ to, channels: ['sms'], body: 'Hello' }), 'delivered');
  await new Provider(simulator.url).fail(to, { fault: { kind: 'status', status: 400 } });
  await api.untilStatus(await api.send({ to, channels: ['sms'], body: 'Hello' }), 'failed');
  const page = await (await fetch(`${url}/metrics`)).text();
  expect(page).toContain('error_class="invalid_request"');
  expect(await promtool(['check', 'metrics'], page)).toEqual({ code: 0, said: '' });
});

it('promtool accepts the alert rules that the docs recommend', async () => {
  const { code, said } = await promtool(['check', 'rules', 'docs/operations/prometheus-rules.yml']);
  expect(said).toContain('SUCCESS');
  expect(code).toBe(0);
});

it('those rules fire where they should, and only there', async () => {
  const { code, said } = await promtool(['test', 'rules', 'test/debian/prometheus-rules.test.yml']);
  expect(said).toContain('SUCCESS');
  expect(code).toBe(0);
});
