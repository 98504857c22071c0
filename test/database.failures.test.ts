import { describe, expect, it } from 'vitest';
import { Database } from '../src/database/database.js';
import { isPassingDatabaseFailure } from '../src/problems/database-failure.js';
import { NO_ROOM, refuse } from './support/bad-row.js';
import { startTestService } from './support/service.js';

const withCode = (code: string, more: object = {}) => Object.assign(new Error('failed'), { code, ...more });

describe('a failure of the database passes', () => {
  it.each([
    ['the connection broke', '08006'],
    ['the server takes no writes', '25006'],
    ['its transaction stood still for too long', '25P03'],
    ['it met another transaction', '40001'],
    ['it was in a deadlock', '40P01'],
    ['the disk is full', '53100'],
    ['all connections are taken', '53300'],
    ['somebody holds the row', '55P03'],
    ['the statement was canceled', '57014'],
    ['the server shuts down', '57P01'],
    ['the server starts', '57P03'],
  ])('where %s', (_, code) => {
    expect(isPassingDatabaseFailure(withCode(code))).toBe(true);
  });

  it.each([
    ['the data is wrong', '22P02'],
    ['the row is there already', '23505'],
    ['its transaction had failed before', '25P02'],
    ['the statement is wrong', '42601'],
    ['the table is gone', '42P01'],
  ])('not where %s', (_, code) => {
    expect(isPassingDatabaseFailure(withCode(code))).toBe(false);
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOENT'])(
    'where its socket says %s',
    (code) => {
      expect(isPassingDatabaseFailure(withCode(code, { syscall: 'connect' }))).toBe(true);
    },
  );

  it.each(['ENOTFOUND', 'EAI_AGAIN'])('where its name is answered with %s', (code) => {
    expect(isPassingDatabaseFailure(withCode(code, { syscall: 'getaddrinfo' }))).toBe(true);
  });

  it('where none of its addresses is reached', () => {
    const each = [withCode('ECONNREFUSED', { syscall: 'connect' }), withCode('ENETUNREACH', { syscall: 'connect' })];
    const all = Object.assign(new AggregateError(each), { code: 'ECONNREFUSED' });
    expect(isPassingDatabaseFailure(all)).toBe(true);
  });

  it('not where it is the failure of a file, of another server or of nothing known', () => {
    expect(isPassingDatabaseFailure(withCode('ENOENT', { syscall: 'open' }))).toBe(false);
    expect(isPassingDatabaseFailure(withCode('ECONNREFUSED', { name: 'AxiosError' }))).toBe(false);
    expect(isPassingDatabaseFailure(new Error('failed'))).toBe(false);
    expect(isPassingDatabaseFailure('08006')).toBe(false);
  });
});

it('a transaction whose commit fails has failed, unless it is known to be on disk', async () => {
  const { service, database } = await startTestService({ ROLE: 'api' });
  await refuse(database, { ...NO_ROOM, table: 'clients', atCommit: true });
  const insert = { name: 'test-client', text: `INSERT INTO clients (id, name) VALUES (new_uuid_v7(), 'Somebody')` };
  const heard: string[] = [];
  const run = (name: string, isOnDisk?: () => Promise<boolean>) =>
    service.app.get(Database).transaction(async (transaction) => {
      await transaction.run(insert);
      transaction.afterCommit(() => void heard.push(name));
    }, isOnDisk);
  await expect(run('nobody looked')).rejects.toThrow('no room on the disk');
  await expect(run('it was not there', () => Promise.resolve(false))).rejects.toThrow('no room on the disk');
  const away = () => Promise.reject(new Error('the database is away'));
  await expect(run('nobody could look', away)).rejects.toThrow('no room on the disk');
  await run('it was there', () => Promise.resolve(true));
  expect(heard).toEqual(['it was there']);
});
