import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { DCLinter } from 'dclint';
import { DockerfileParser, type Instruction } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { InvalidEnvironmentError } from '../src/config/environment.error.js';
import { ENVIRONMENT_SCHEMA } from '../src/config/environment.schema.js';
import { readEnvironment } from '../src/config/read-environment.js';

const ROOT = new URL('..', import.meta.url);

function read(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8');
}

describe('the Dockerfile', () => {
  const text = read('Dockerfile');
  const instructions = DockerfileParser.parse(text).getInstructions();
  const stages = instructions.filter((instruction) => instruction.getKeyword() === 'FROM');
  const lastStage = instructions.slice(instructions.findLastIndex((candidate) => candidate.getKeyword() === 'FROM'));

  /** The one instruction of that name in the image's own stage. */
  function only(keyword: string): Instruction {
    const [found, ...more] = lastStage.filter((instruction) => instruction.getKeyword() === keyword);
    if (!found || more.length > 0)
      throw new Error(`The last stage has ${more.length + 1 - (found ? 0 : 1)} ${keyword}`);
    return found;
  }

  /** The words of an instruction in its exec form, as a program would get them. */
  function execForm(instruction: Instruction): string[] {
    const [json] = /\[.*\]$/s.exec(instruction.getTextContent()) ?? [];
    if (json === undefined) throw new Error(`${instruction.getKeyword()} is not in exec form`);
    const words: string[] = JSON.parse(json);
    return words;
  }

  it('has no fault that a linter knows', () => {
    expect(validate(text)).toEqual([]);
  });

  it('builds on the very release of Node that everything else runs on', () => {
    const lock: { packages: Record<string, { version?: string }> } = JSON.parse(read('package-lock.json'));
    const [base, ...others] = stages.map((stage) => stage.getArgumentsContent() ?? '');
    expect(base).toBe(`node:${lock.packages['node_modules/node']?.version}-slim AS base`);
    for (const stage of others) expect(stage).toMatch(/^base\b/);
    expect(lock.packages['node_modules/node']?.version).toMatch(new RegExp(`^${read('.nvmrc').trim()}\\.`));
  });

  it('runs Node itself, as an ordinary user named by number, stopped by SIGTERM', () => {
    const [program, ...args] = execForm(only('CMD'));
    expect(program).toBe('node');
    expect(existsSync(new URL((args.at(-1) ?? '').replace('dist/', '').replace('.js', '.ts'), ROOT))).toBe(true);
    expect(only('USER').getArgumentsContent()).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(only('STOPSIGNAL').getArgumentsContent()).toBe('SIGTERM');
    expect(only('ENV').getArgumentsContent()).toContain('NODE_ENV=production HOST=0.0.0.0');
  });

  it('copies what is there and what .dockerignore lets through', () => {
    const allowed = read('.dockerignore').split('\n');
    const sources = instructions
      .map((instruction) => instruction.getTextContent().split(/\s+/))
      .filter(([keyword, flag]) => keyword === 'COPY' && !flag?.startsWith('--from'))
      .flatMap((words) => words.slice(1, -1));
    expect(sources).toContain('src');
    for (const source of sources) {
      expect(existsSync(new URL(source, ROOT)), source).toBe(true);
      expect(allowed, source).toContain(`!${source}`);
    }
  });

  it.each([
    [200, 0],
    [503, 1],
  ])('has a health check that answers to /health/live with %i by exit code %i', async (status, exitCode) => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(status).end();
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    expect(await exitCodeOf(healthCheck(), String(port))).toBe(exitCode);
    expect(asked).toEqual(['/health/live']);
  });

  it('has a health check that fails where nobody listens', async () => {
    expect(await exitCodeOf(healthCheck(), '1')).toBe(1);
  });

  function healthCheck(): string[] {
    return execForm(only('HEALTHCHECK'));
  }
});

async function exitCodeOf([program, ...args]: readonly string[], port: string): Promise<number> {
  if (program !== 'node') throw new Error('The health check is not run by Node');
  const child = spawn(process.execPath, args, { env: { PORT: port }, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  return Number(code);
}

interface ComposeService {
  readonly [key: string]: unknown;
  /** null: passed on where it is set. */
  readonly environment?: Record<string, string | null>;
  readonly profiles?: readonly string[];
  readonly volumes?: readonly { readonly source: string }[];
}

const ERROR_CODES_INSIDE = '/etc/postrider/error-codes.json';

describe('docker-compose.yml', () => {
  const file = fileURLToPath(new URL('docker-compose.yml', ROOT));
  const compose: { services: Record<string, ComposeService> } = parse(read('docker-compose.yml'), { merge: true });
  const { postgres, postrider, worker } = compose.services;

  it('follows the schema of the Compose specification and good practice', () => {
    // The order of keys is left to the writer: comments and merged keys give it.
    const rules = { 'service-keys-order': 0, 'top-level-properties-order': 0 } as const;
    const [result] = new DCLinter({ rules, quiet: false, debug: false, exclude: [] }).lintFiles([file], false);
    expect(
      result?.messages.map(({ line, message }: { line: number; message: string }) => `${line}: ${message}`),
    ).toEqual([]);
  });

  it.each([
    ['postrider', postrider],
    ['worker', worker],
  ])('gives %s a read-only file system, no capabilities, and a database that is ready', (_name, service) => {
    expect(service).toMatchObject({
      read_only: true,
      tmpfs: ['/tmp'],
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      depends_on: { postgres: { condition: 'service_healthy' } },
      healthcheck: { test: expect.arrayContaining([expect.stringContaining('/health/ready')]) },
    });
  });

  it('keeps the database on a volume and says when it is ready', () => {
    expect(postgres).toMatchObject({
      image: 'postgres:18',
      volumes: ['postgres-data:/var/lib/postgresql'],
      healthcheck: { test: ['CMD-SHELL', expect.stringContaining('pg_isready')] },
    });
  });

  it('starts the worker on demand only', () => {
    expect(worker).toMatchObject({ profiles: ['worker'], environment: { ROLE: 'worker' } });
    expect(postrider?.profiles).toBeUndefined();
  });

  const REQUIRED = {
    POSTGRES_PASSWORD: 'secret',
    PUBLIC_URL: 'https://postrider.example.com',
    ADMIN_API_KEY: 'a-secret-of-twenty-characters',
    TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
    TWILIO_AUTH_TOKEN: 'token',
  };

  it('asks for what production needs, by name, and for nothing that the service does not know', () => {
    const environment = postrider?.environment ?? {};
    expect(Object.keys(environment).filter((name) => !(name in ENVIRONMENT_SCHEMA.shape))).toEqual([]);
    for (const missing of Object.keys(REQUIRED)) {
      const given = Object.fromEntries(Object.entries(REQUIRED).filter(([name]) => name !== missing));
      expect(() => interpolate(environment, given), missing).toThrow(`required variable ${missing}`);
    }
  });

  /** What an operator cannot set, and why. */
  const KEPT = new Map([
    ['NODE_ENV', 'the image is for production'],
    ['HOST', 'inside the container: the port is published on 127.0.0.1'],
    ['PORT', 'inside the container: ports publishes it as PORT'],
    ['DATA_DIR', 'of the embedded database, which the image does not hold'],
    ['DATABASE_URL', 'made of POSTGRES_PASSWORD'],
  ]);

  it.each([
    ['postrider', postrider, []],
    ['worker', worker, ['ROLE']],
  ])('passes every variable on to %s that an operator sets, and none that they do not', (_name, service, own) => {
    const environment = service?.environment ?? {};
    const settable = Object.keys(ENVIRONMENT_SCHEMA.shape).filter((name) => !KEPT.has(name) && !own.includes(name));
    const set = Object.fromEntries(settable.map((name) => [name, `the value of ${name}`]));
    const inside = { ...set, TWILIO_ERROR_CODES_FILE: ERROR_CODES_INSIDE };
    expect(interpolate(environment, { ...REQUIRED, ...set })).toMatchObject(inside);
    const { TWILIO_ERROR_CODES_FILE, ...others } = interpolate(environment, REQUIRED);
    expect(TWILIO_ERROR_CODES_FILE).toBe('');
    // An empty TWILIO_STATUS_URL, for one, would switch the status page off.
    expect(Object.keys(others).toSorted()).toEqual([
      'ADMIN_API_KEY',
      'DATABASE_URL',
      'PUBLIC_URL',
      'ROLE',
      'TWILIO_ACCOUNT_SID',
      'TWILIO_AUTH_TOKEN',
      'TWILIO_CALLBACK_OVERRIDES',
    ]);
  });

  it.each([
    ['postrider', postrider],
    ['worker', worker],
  ])('brings a file of error codes into %s where one is named', (_name, service) => {
    const [mount] = service?.volumes ?? [];
    expect(mount).toMatchObject({ type: 'bind', target: ERROR_CODES_INSIDE, read_only: true });
    const source = { source: mount?.source ?? '' };
    expect(interpolate(source, { TWILIO_ERROR_CODES_FILE: './codes.json' })).toEqual({ source: './codes.json' });
    expect(interpolate(source, {})).toEqual({ source: '/dev/null' });
  });

  it('gives a stop more time than any request may take', () => {
    const longestMs = 120_000;
    const lease = { LEASE_MS: '600000' };
    expect(readEnvironment({ ...lease, TWILIO_TIMEOUT_MS: String(longestMs) }).TWILIO_TIMEOUT_MS).toBe(longestMs);
    expect(() => readEnvironment({ ...lease, TWILIO_TIMEOUT_MS: String(longestMs + 1) })).toThrow('TWILIO_TIMEOUT_MS');
    for (const service of [postrider, worker]) {
      const seconds = Number(/^(\d+)s$/.exec(String(service?.['stop_grace_period']))?.[1]);
      expect(seconds * 1000).toBeGreaterThanOrEqual(longestMs + 10_000);
    }
  });

  it.each([
    ['postrider', postrider, 'all'],
    ['worker', worker, 'worker'],
  ])('gives %s an environment that the service accepts in production', (_name, service, role) => {
    const variables = interpolate(service?.environment ?? {}, REQUIRED);
    const env = readEnvironment({ ...variables, NODE_ENV: 'production', HOST: '0.0.0.0' });
    expect(env).toMatchObject({ ROLE: role, TWILIO_CALLBACK_OVERRIDES: 'rc=5&rp=all' });
    expect(() => readEnvironment({ NODE_ENV: 'production' })).toThrow(InvalidEnvironmentError);
  });
});

/**
 * Compose's interpolation of `${NAME}`, `${NAME:-default}`, `${NAME:+instead}` and `${NAME:?what to do}`; without a value, what is set is passed
 * on, and what is not is left out.
 */
function interpolate(texts: Readonly<Record<string, string | null>>, given: Readonly<Record<string, string>>) {
  const resolved = (text: string) =>
    text.replaceAll(/\$\{(\w+)(?::([-+?])([^}]*))?\}/g, (_whole, name: string, kind?: string, rest = '') => {
      if (kind === '+') return given[name] ? rest : '';
      if (given[name]) return given[name];
      if (kind === '?') throw new Error(`required variable ${name} is missing a value: ${rest}`);
      return rest;
    });
  const values = Object.entries(texts).map(([name, text]) => [name, text === null ? given[name] : resolved(text)]);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined)) as Record<string, string>;
}
