import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { SinkHttp } from '../src/alerts/sinks/sink.http.js';
import { portOf } from './support/port-of.js';

/** A receiver that refuses everything in these words. */
async function refusing(words: string) {
  const heard: (string | undefined)[] = [];
  const answers: ServerResponse[] = [];
  const server = createServer((request, response) => {
    heard.push(request.headers.authorization);
    answers.push(response.writeHead(400).end(words));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const http = new SinkHttp();
  onTestFinished(async () => {
    await http.close();
    server.close();
  });
  return { http, heard, answers, port: portOf(server) };
}

it('a sink gets the name and the password in its address, as they are meant', async () => {
  const { http, heard, port } = await refusing('no');
  for (const who of ['on-call:p%40ss@', 'on-call@', '']) {
    await expect(http.post(new URL(`http://${who}127.0.0.1:${port}/`), '{}')).rejects.toThrow('It answered 400: no');
  }
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  expect(heard).toEqual([basic('on-call:p@ss'), basic('on-call:'), undefined]);
});

it('what a sink answers is quoted without a secret, a part of one, or a number', async () => {
  const { http, port } = await refusing('Key routing-key-of-on-call is not for +15551230001, nor is p@ss word 12345.');
  const asked = http.post(new URL(`http://me:p%40ss@127.0.0.1:${port}/`), '{}', {}, [
    'routing-key',
    'routing-key-of-on-call',
  ]);
  await expect(asked).rejects.toThrow('It answered 400: Key ••• is not for +•••, nor is ••• word 12345.');
});

it('a long answer of a sink is not read to its end', async () => {
  const { http, answers, port } = await refusing('no'.repeat(32 * 1024 * 1024));
  await expect(http.post(new URL(`http://127.0.0.1:${port}/`), '{}')).rejects.toThrow('It answered 400');
  const [answer] = answers;
  await expect.poll(() => answer?.closed).toBe(true);
  expect(answer?.writableFinished).toBe(false);
});
