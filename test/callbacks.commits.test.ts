import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CallbackJournal } from '../src/callbacks/callback.journal.js';
import { ReportApplier } from '../src/callbacks/report.applier.js';
import { CircuitBoard } from '../src/incidents/circuit.board.js';
import { startService } from '../src/service.js';
import { sidOf } from './outbox.setup.js';
import { reportOf, startLate, type LateUnderTest } from './outbox.late.setup.js';
import { NO_ROOM, refuse } from './support/bad-row.js';
import { startDatabaseProxy } from './support/database.proxy.js';
import { freePort } from './support/free-port.js';
import { partOf } from './support/part-of.js';

/** The database takes every statement of a callback, but not its commit, until the test says so. */
const refuseCommits = ({ database }: LateUnderTest) =>
  refuse(database, { ...NO_ROOM, table: 'callbacks', atCommit: true });

function listenTo({ service }: Pick<LateUnderTest, 'service'>): string[] {
  const heard: string[] = [];
  service.app.get(CallbackJournal, { strict: false }).subscribe({
    onAcceptance: (kind) => void heard.push(`acceptance: ${kind}`),
    onDelivered: (_, kind) => void heard.push(`delivered: ${kind}`),
    onFailed: (_, __, { rule }) => void heard.push(`failed: ${rule}`),
  });
  return heard;
}

const QUOTA_IS_USED_UP = 63_038;

describe('a callback whose commit fails is told of when it is repeated, and once:', () => {
  it.each([
    ['an acceptance', 'sent', null, ['acceptance: bound']],
    ['a delivery', 'delivered', null, ['acceptance: bound', 'delivered: delivered']],
    ['a failure', 'undelivered', 30_003, ['acceptance: bound', 'failed: Twilio code 30003']],
  ])('%s', async (_, status, code, told) => {
    const test = await startLate();
    const heard = listenTo(test);
    const work = await test.lease();
    await test.takenOver(work);
    const { mend } = await refuseCommits(test);
    await expect(test.calledBack(work, sidOf(work), status, code)).rejects.toThrow('no room on the disk');
    expect(heard).toEqual([]);
    await mend();
    await test.calledBack(work, sidOf(work), status, code);
    expect(heard).toEqual(told);
    await test.calledBack(work, sidOf(work), status, code);
    expect(heard).toEqual(told);
  });
});

it('a callback whose commit is carried out, but not answered, is told of at once, and once', async () => {
  const { lease, accept, configuration, databaseUrl } = await startLate();
  const proxy = await startDatabaseProxy(databaseUrl);
  const env = { ...configuration.env, PORT: await freePort() };
  const service = await startService({ ...configuration, databaseUrl: proxy.url, env }, pino({ level: 'silent' }));
  onTestFinished(() => service.close());
  const heard = listenTo({ service });
  const work = await lease();
  await accept(work);
  const report = { ...reportOf(work, sidOf(work), 'undelivered', 'callback'), errorCode: 30_003 };
  proxy.loseAnswerToCommitOf('callbacks-keep');
  expect(await partOf(service, ReportApplier).apply(report)).toBe('applied');
  expect(heard).toEqual(['failed: Twilio code 30003']);
  expect(await partOf(service, ReportApplier).apply(report)).toBe('repeated');
  expect(heard).toEqual(['failed: Twilio code 30003']);
});

it('a callback that proves something of the account stops it at once, whether or not its commit fails', async () => {
  const test = await startLate();
  const work = await test.lease();
  await refuseCommits(test);
  await expect(test.calledBack(work, sidOf(work), 'failed', QUOTA_IS_USED_UP)).rejects.toThrow('no room on the disk');
  expect(test.service.app.get(CircuitBoard, { strict: false }).allClosed).toBe(false);
});

it('a message that another channel brought as well is told of as that when it is delivered, not when it is read', async () => {
  const test = await startLate();
  const heard = listenTo(test);
  const whatsapp = await test.lease({ channels: ['whatsapp', 'sms'] });
  await test.accept(whatsapp);
  await test.startDelivery(whatsapp.notificationId, 'sms');
  await test.accept(await test.claim());
  await test.calledBack(whatsapp, sidOf(whatsapp), 'delivered');
  await test.calledBack(whatsapp, sidOf(whatsapp), 'read');
  expect(heard).toEqual(['delivered: delivered_twice', 'delivered: delivered']);
});
