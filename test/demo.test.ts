import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SCENARIOS, surprises } from '../src/demo/scenarios.js';
import { DEFAULT_OPTIONS } from '../src/simulator/simulator.options.js';
import { startSimulator } from '../src/simulator/simulator.server.js';
import { statusEvent, timelineOf } from '../src/demo/timeline.js';
import type { AttemptDto, NotificationDto } from '../src/notifications/notification.dto.js';
import { publicFolder } from './support/embedded-postgres.js';
import { PROGRAM_ENV, startServiceProcess } from './support/process.js';
import { freePort } from './support/free-port.js';

const PROGRAM = fileURLToPath(new URL('../dist/src/demo/demo.main.js', import.meta.url));

/** Starts, waits for a real retry schedule and stops, beside whatever else the machine does. */
const PATIENCE_MS = 120_000;

interface DemoRun {
  readonly exitCode: number | null;
  readonly output: string;
}

/** How somebody breaks it off once the output holds a text: with a signal, or as `head` does. */
interface BreakOff {
  readonly after: string;
  readonly by: 'SIGINT' | 'SIGHUP' | 'reading no more';
}

async function runDemo(env: Record<string, string>, breakOff?: BreakOff): Promise<DemoRun> {
  const child = spawn(process.execPath, [PROGRAM], { env: { ...PROGRAM_ENV, ...env } });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  let interrupted = false;
  const listen = (chunk: Buffer) => {
    output += chunk.toString();
    if (breakOff === undefined || interrupted || !output.includes(breakOff.after)) return;
    interrupted = true;
    if (breakOff.by === 'reading no more') child.stdout.destroy();
    else child.kill(breakOff.by);
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  return await new Promise((resolve) => {
    child.once('close', (exitCode: number | null) => resolve({ exitCode, output }));
  });
}

describe('the demo as a program', () => {
  it(
    'starts a service of its own, tells how every kind of notification fares, and leaves nothing behind',
    async () => {
      const folder = await publicFolder();
      const { exitCode, output } = await runDemo({ PORT: String(await freePort()), DATA_DIR: folder });
      expect(output).toContain(`${SCENARIOS.length} of ${SCENARIOS.length} ended as expected`);
      expect(exitCode).toBe(0);
      for (const { title } of SCENARIOS) expect(output).toContain(title);
      expect(output).toMatch(/sms attempt 1: 503, code 20503, outcome unknown, provider_fault \(provider\)/);
      expect(output).toMatch(/next: reconcile in 1\.\d s/);
      // Before or after the answer that says otherwise: a callback may be faster.
      expect(output).toMatch(
        /sms attempt 1 was accepted( after all|, as a callback shows before its answer): nothing is sent again/,
      );
      expect(output).toMatch(/whatsapp attempt 1: 400, code 63003, rejected, channel_unavailable \(recipient\)/);
      expect(output).toMatch(/Twilio calls back: undelivered with code 63016\n.*next: fallback to sms/);
      expect(output).toMatch(/a dead letter waits in the review queue: recipient_unreachable/);
      expect(output, 'a pipe gets no colours').not.toContain('\u001B[');
      expect(existsSync(join(folder, 'demo'))).toBe(false);
    },
    PATIENCE_MS,
  );

  it(
    'uses the service that runs at PORT, twice, although the first run taught it about its recipients',
    async () => {
      const folder = await publicFolder();
      const service = await startServiceProcess({ DATA_DIR: folder, RETRY_BASE_MS: '50' });
      for (const run of ['first', 'second']) {
        const { exitCode, output } = await runDemo({ PORT: new URL(service.url).port, DATA_DIR: folder });
        expect(output, run).toContain(`Using the service that runs at ${service.url}`);
        expect(output, run).toContain(`${SCENARIOS.length} of ${SCENARIOS.length} ended as expected`);
        expect(exitCode, run).toBe(0);
      }
      expect(await service.terminate()).toBe(0);
    },
    PATIENCE_MS,
  );

  it(
    'leaves a service alone that sends to real phones, and starts its own',
    async () => {
      const folder = await publicFolder();
      const twilio = await startSimulator();
      onTestFinished(() => twilio.close());
      const service = await startServiceProcess({
        DATA_DIR: folder,
        TWILIO_ACCOUNT_SID: DEFAULT_OPTIONS.accountSid,
        TWILIO_AUTH_TOKEN: DEFAULT_OPTIONS.authToken,
        TWILIO_BASE_URL: twilio.url,
        TWILIO_SMS_FROM: '+15005550006',
      });
      const { output } = await runDemo(
        { PORT: new URL(service.url).port, DATA_DIR: folder },
        { after: 'state: queued', by: 'SIGINT' },
      );
      expect(output).toContain(`The service at ${service.url} does not say that it runs on the simulator`);
      expect(output).toContain('The service of this demo is stopped');
      const seen = await fetch(`${twilio.url}/__simulator/requests`);
      expect(await seen.json()).toMatchObject({ received: 0 });
    },
    PATIENCE_MS,
  );

  it.each(['SIGINT', 'SIGHUP'] as const)(
    'stops its service when it is broken off by %s',
    async (by) => {
      const folder = await publicFolder();
      const { exitCode, output } = await runDemo(
        { PORT: String(await freePort()), DATA_DIR: folder },
        { after: 'state: queued', by },
      );
      expect(exitCode, output).toBe(130);
      expect(output).toContain('The service of this demo is stopped');
      expect(existsSync(join(folder, 'demo'))).toBe(false);
    },
    PATIENCE_MS,
  );

  it(
    'stops its service when nobody reads on',
    async () => {
      const folder = await publicFolder();
      const { exitCode } = await runDemo(
        { PORT: String(await freePort()), DATA_DIR: folder },
        { after: 'state: queued', by: 'reading no more' },
      );
      expect(exitCode).toBe(130);
      expect(existsSync(join(folder, 'demo'))).toBe(false);
    },
    PATIENCE_MS,
  );
});

const ACCEPTED: AttemptDto = {
  id: 'attempt',
  number: 1,
  startedAt: '2026-11-22T10:00:00.000Z',
  durationMs: 20,
  outcome: 'accepted',
  httpStatus: 201,
  providerCode: null,
  providerMessage: null,
  providerRequestId: null,
  errorClass: null,
  responsible: null,
  nextStep: { kind: 'none', reason: 'the provider accepted it' },
  possibleDuplicate: false,
};

function notificationWith(attempt: Partial<AttemptDto>, rest: Partial<NotificationDto> = {}): NotificationDto {
  const at = '2026-11-22T10:00:00.000Z';
  return {
    id: 'notification',
    status: 'sent',
    to: '+15551230001',
    channels: ['sms'],
    channel: 'sms',
    category: 'transactional',
    critical: true,
    idempotencyKey: null,
    metadata: {},
    sendAt: null,
    expiresAt: null,
    createdAt: at,
    updatedAt: at,
    deliveredAt: null,
    readAt: null,
    nextAttemptAt: null,
    deliveries: [
      {
        id: 'delivery',
        channel: 'sms',
        status: 'sent',
        providerSid: null,
        from: '+15005550006',
        startedAt: at,
        endedAt: null,
        attempts: [{ ...ACCEPTED, ...attempt }],
        callbacks: [],
      },
    ],
    deadLetter: null,
    ...rest,
  };
}

describe('its timelines', () => {
  it('tell nothing of an attempt in flight', () => {
    expect(timelineOf(notificationWith({ durationMs: null, outcome: 'unknown' }))).toEqual([]);
  });

  it('tell what a callback proves before the answer is there, and the answer when it is', () => {
    const callback = { id: 'callback', attemptId: 'attempt', receivedAt: '2026-11-22T10:00:00.010Z', errorCode: null };
    const told = (attempt: Partial<AttemptDto>) => {
      const notification = notificationWith(attempt);
      const [delivery] = notification.deliveries;
      const callbacks = [{ ...callback, status: 'sending' }];
      return timelineOf({ ...notification, deliveries: delivery ? [{ ...delivery, callbacks }] : [] });
    };
    expect(told({ durationMs: null, httpStatus: null }).map(({ text, at }) => [text, at.toISOString()])).toEqual([
      ['Twilio calls back: sending', callback.receivedAt],
      ['sms attempt 1 was accepted, as a callback shows before its answer: nothing is sent again', callback.receivedAt],
    ]);
    expect(told({}).map(({ text }) => text)).toEqual(['Twilio calls back: sending', 'sms attempt 1: 201, accepted']);
  });

  it('tell a silence as an unknown outcome, with the wait before the next step', () => {
    const nextStep = { kind: 'reconcile', at: '2026-11-22T10:00:02.020Z', reason: 'no answer' } as const;
    const silence = {
      outcome: 'unknown',
      httpStatus: null,
      errorClass: 'provider_fault',
      responsible: 'provider',
    } as const;
    expect(timelineOf(notificationWith({ ...silence, nextStep })).map(({ text }) => text.trim())).toEqual([
      'sms attempt 1: no answer, outcome unknown, provider_fault (provider)',
      'next: reconcile in 2.0 s; no answer',
    ]);
  });

  it('keep the keys of what was told, however often they are read', () => {
    const keys = (notification: NotificationDto) => timelineOf(notification).map(({ key }) => key);
    expect(keys(notificationWith({}))).toEqual(keys(notificationWith({}, { status: 'delivered' })));
    expect(statusEvent(notificationWith({})).key).not.toBe(statusEvent(notificationWith({}, { status: 'queued' })).key);
  });
});

describe('its expectations', () => {
  it('name what ended otherwise', () => {
    const ends = { status: 'delivered', channel: 'sms', deadLetter: null, attempts: 2 } as const;
    expect(surprises(ends, notificationWith({}, { status: 'failed' }))).toEqual([
      'status: expected delivered, is failed',
      'attempts: expected 2, is 1',
    ]);
    expect(surprises({ ...ends, attempts: 1 }, notificationWith({}, { status: 'delivered' }))).toEqual([]);
  });
});
