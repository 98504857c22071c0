import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from './support/free-port.js';
import { keepLines } from './support/log.lines.js';
import { ADMIN_KEY, ApiClient, startTestService } from './support/service.js';

const LOGGER = fileURLToPath(new URL('../dist/src/logging/logger.js', import.meta.url));

/** A process of its own that logs to its standard output, which is what the log is written to. */
function spawnProgram(logs: string, output: 'pipe' | number) {
  const program = `import { createLogger, droppedLogLines } from ${JSON.stringify(LOGGER)}; const log = createLogger('info', 'all'); ${logs}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', output, 'inherit', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

function startProgram(logs: string) {
  const child = spawnProgram(logs, 'pipe');
  const { stdout } = child;
  if (!stdout) throw new Error('Its standard output is a pipe');
  return Object.assign(child, { stdout });
}

async function linesOf(logs: string): Promise<{ line: number; msg: string }[]> {
  const lines = (await text(startProgram(logs).stdout)).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as { line: number; msg: string });
}

describe('the log', () => {
  const MANY = `for (let line = 0; line < 2000; line += 1) log.info({ line }, 'Zürich – 東京 😀');`;

  it.each([
    ['ends', ''],
    ['exits', 'process.exit(0);'],
    ['crashes', "process.on('uncaughtException', () => process.exit(1)); throw new Error('crashed');"],
  ])('has every line, in order, when the process %s', async (_, end) => {
    const lines = await linesOf(`${MANY} ${end}`);
    expect(lines.map(({ line }) => line)).toEqual(Array.from({ length: 2000 }, (_value, line) => line));
    expect(new Set(lines.map(({ msg }) => msg))).toEqual(new Set(['Zürich – 東京 😀']));
  });

  it('has lines longer than a whole batch in their place, too', async () => {
    const lines = await linesOf(
      `[10, 300_000, 10, 90_000, 80_000, 10].forEach((length, line) => log.info({ line }, 'ü'.repeat(length)));`,
    );
    expect(lines.map(({ line, msg }) => [line, msg.length])).toEqual([
      [0, 10],
      [1, 300_000],
      [2, 10],
      [3, 90_000],
      [4, 80_000],
      [5, 10],
    ]);
  });

  it('shows a single line soon, while the process goes on', async () => {
    const child = startProgram(`log.info('here'); setInterval(() => undefined, 1000);`);
    const [chunk]: unknown[] = await once(child.stdout, 'data');
    expect(String(chunk)).toContain('"msg":"here"');
  });

  it('keeps a bounded part of what nobody reads, and counts the rest', async () => {
    const lines = 40_000;
    const child = startProgram(`
      process.once('beforeExit', () => process.send(droppedLogLines()));
      for (let line = 0; line < ${lines}; line += 1) {
        log.info({ line }, 'x'.repeat(1000));
        if (line % 500 === 0) await new Promise(setImmediate);
      }
      process.send('written');`);
    await once(child, 'message');
    const [output, [said]] = await Promise.all([text(child.stdout), once(child, 'message') as Promise<unknown[]>]);
    const [kept, dropped] = [output.trimEnd().split('\n'), Number(said)];
    expect(dropped).toBeGreaterThan(0);
    expect(kept.length + dropped).toBe(lines);
    expect(kept.join('').length).toBeLessThan(20 * 1024 * 1024);
    const numbers = kept.map((line) => (JSON.parse(line) as { line: number }).line);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });

  /** Logs, and tells how many of its lines are lost once it knows. */
  const LOSES = `
    for (let line = 0; line < 1000; line += 1) log.info({ line }, 'x'.repeat(100));
    setInterval(() => droppedLogLines() > 0 && process.send(droppedLogLines()), 50);`;

  // Elsewhere there is no such device.
  it.skipIf(process.platform !== 'linux')('lets the process go on, and end, where the disk is full', async () => {
    const full = openSync('/dev/full', 'w');
    const child = spawnProgram(`${LOSES} process.once('message', () => process.exit(0));`, full);
    closeSync(full);
    await expect.poll(async () => (await once(child, 'message'))[0] as unknown).toBe(1000);
    child.send('enough');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('counts what it loses where its reader is gone, and the process goes on', async () => {
    const child = startProgram(`process.send('begun'); process.once('message', () => { ${LOSES} });`);
    await once(child, 'message');
    child.stdout.destroy();
    child.send('go on');
    await expect.poll(async () => (await once(child, 'message'))[0] as unknown).toBe(1000);
  });

  it('keeps no process from ending whose reader stands still', async () => {
    const child = startProgram(`
      // As the service does, which writes to a pipe without blocking from then on.
      process.stdout.write('');
      for (let line = 0; line < 20_000; line += 1) log.info({ line }, 'x'.repeat(100));
      process.exit(0);`);
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('has the last words of a process that ends in a fatal error', async () => {
    const [line] = await linesOf(`log.fatal('the end'); process.kill(process.pid, 'SIGKILL');`);
    expect(line).toMatchObject({ msg: 'the end', service: 'postrider', role: 'all' });
  });
});

describe('the log of a service', () => {
  it('says what became of every attempt, with no words of it, no whole number and no secret', async () => {
    const { destination, lines } = keepLines();
    const test = await startTestService({ ROLE: 'api' });
    const port = String(await freePort());
    const own = { ROLE: 'all', PORT: port, PUBLIC_URL: `http://127.0.0.1:${port}` };
    const service = await test.replica(own, pino({ level: 'trace' }, destination));
    const api = new ApiClient(service.url, ADMIN_KEY);
    const words = { body: 'secret words', metadata: { order: 'secret words' } };
    const send = async (to: string, channels: string[]) => {
      const id = await api.send({ to, channels, ...words });
      return await api.untilStatus(id, 'delivered', 'failed');
    };
    const sent = await Promise.all([
      send('+15005551503', ['sms']),
      send('+15005550001', ['sms']),
      send('+15005553016', ['whatsapp', 'sms']),
      send('+15005552610', ['sms']),
      send('+15551230001', ['voice']),
    ]);
    await service.close();
    const secrets = [
      'secret words',
      String.raw`1(500555|555123)\d{4}`,
      ADMIN_KEY,
      test.configuration.twilio.authToken,
      'Basic ',
    ];
    const telling = new RegExp(secrets.join('|'), 'i');
    expect(lines.filter((line) => telling.test(line))).toEqual([]);
    const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const attempts = sent.flatMap(({ deliveries }) => deliveries.flatMap((delivery) => delivery.attempts));
    for (const { id: attemptId, outcome, errorClass, providerCode } of attempts) {
      const failure = { outcome, errorClass, providerCode, nextStep: expect.any(String) };
      // What was accepted may be heard of by a callback first.
      const more = outcome === 'accepted' ? {} : failure;
      expect(said).toContainEqual(expect.objectContaining({ attemptId, ...more }));
    }
    const undelivered = { providerCode: 63016, errorClass: 'channel_unavailable', nextStep: 'fallback' };
    expect(said).toContainEqual(expect.objectContaining(undelivered));
  });
});
