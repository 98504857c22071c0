import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { migrate } from '../src/database/migrate.js';
import { chooseAccount, giveTo } from '../src/embedded/postgres.account.js';
import { describeStartFailure } from '../src/start-failure.js';
import { selfSigned } from './support/certificate.js';
import { FAST, publicFolder, shareUsedDataDir, start } from './support/embedded-postgres.js';

const usedDataDir = shareUsedDataDir();

const OVER_A_CENTURY = new Date('2150-01-01');

/** What a start on this database says. */
async function failureOn(url: string): Promise<string> {
  return await migrate(url).then(() => 'it started', describeStartFailure);
}

/** A PostgreSQL with TLS, and the address that leads to it as `sslmode=verify-full`, which trusts its certificate. */
async function startWithCertificate(host: string, until: Date) {
  const folder = await publicFolder();
  const files = { certificate: join(folder, 'server.crt'), key: join(folder, 'server.key') };
  const { certificate, key } = selfSigned(host, until);
  await writeFile(files.certificate, certificate);
  await writeFile(files.key, key, { mode: 0o600 });
  await giveTo(await chooseAccount(null), files.key);
  const settings = { ...FAST, ssl: 'on', ssl_cert_file: files.certificate, ssl_key_file: files.key };
  const { url } = await start({ dataDir: await usedDataDir(), settings });
  return {
    untrusting: `${url}?sslmode=verify-full`,
    trusting: `${url}?sslmode=verify-full&sslrootcert=${files.certificate}`,
  };
}

describe('a database that requires TLS', () => {
  it('is no matter of the password', async () => {
    const postgres = await start({ dataDir: await usedDataDir() });
    // What managed databases have: no rule for connections without encryption.
    await writeFile(join(postgres.dataDir, 'pgdata', 'pg_hba.conf'), 'hostssl all all all scram-sha-256\n');
    process.kill(postgres.pid, 'SIGHUP');
    await expect.poll(() => failureOn(postgres.url)).not.toBe('it started');
    const said = await failureOn(postgres.url);
    expect(said).toMatch(/DATABASE_URL does not let this role in.*pg_hba\.conf.*sslmode.*running\.md.*\(28000\)$/s);
    expect(said).not.toContain('password');
    expect(said).not.toContain('127.0.0.1');
  });
});

describe('a certificate of the database', () => {
  it('that no authority known here has signed asks for its CA', async () => {
    const { untrusting } = await startWithCertificate('db.example.com', OVER_A_CENTURY);
    const said = await failureOn(untrusting);
    expect(said).toMatch(/certificate of the database of DATABASE_URL.*sslrootcert.*\(DEPTH_ZERO_SELF_SIGNED_CERT\)$/s);
  });

  it('that is for another host says so', async () => {
    const { trusting } = await startWithCertificate('db.example.com', OVER_A_CENTURY);
    const said = await failureOn(trusting);
    expect(said).toMatch(/DATABASE_URL is for another host name.*\(ERR_TLS_CERT_ALTNAME_INVALID\)$/s);
    expect(said).not.toContain('db.example.com');
  });

  it('that has expired says so', async () => {
    const { trusting } = await startWithCertificate('127.0.0.1', new Date('2002-01-01'));
    expect(await failureOn(trusting)).toMatch(/DATABASE_URL has expired.*\(CERT_HAS_EXPIRED\)$/s);
  });
});

it.each([
  ['takes the connection and says nothing', () => {}],
  ['hangs up at once', (socket: Socket) => void socket.destroy()],
])('a server that %s is the one of DATABASE_URL', async (_, treat) => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    treat(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  expect(await failureOn(`postgres://postrider:secret@127.0.0.1:${port}/postrider`)).toContain(
    'The database of DATABASE_URL does not answer',
  );
});
