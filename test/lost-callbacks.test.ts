import { expect, it } from 'vitest';
import { readEnvironment } from '../src/config/read-environment.js';
import { lostCallbacks } from '../src/lost-callbacks.js';

const ACCOUNT = { TWILIO_ACCOUNT_SID: 'AC0123456789abcdef0123456789abcdef', TWILIO_AUTH_TOKEN: 'a-token' };

function warning(variables: Record<string, string>, simulated = false): string | null {
  const env = readEnvironment(variables);
  return lostCallbacks({
    env,
    twilio: {
      accountSid: '',
      authToken: '',
      baseUrl: '',
      senders: {},
      statusUrl: '',
      simulated,
      signatureTokens: [],
      apiKey: null,
      timeoutMs: 1,
      connections: 1,
    },
  });
}

it.each([
  'http://127.0.0.1:3000',
  'http://LOCALHOST:3000',
  'http://[::1]:3000',
  'http://0.0.0.0',
  'https://10.1.2.3/postrider',
  'https://172.31.0.1',
  'https://192.168.178.2',
  'http://169.254.1.1',
  'http://[fd00::1]',
  'http://postrider:3000',
  'https://postrider.internal',
])('Twilio cannot call back to PUBLIC_URL=%s', (address) => {
  expect(warning({ ...ACCOUNT, PUBLIC_URL: address })).toMatch(/^PUBLIC_URL is an address that only .*\(21609\)$/);
});

it.each(['https://postrider.example.com', 'https://172.32.0.1', 'http://8.8.8.8:3000', 'http://[2001:4860::8888]'])(
  'Twilio may reach PUBLIC_URL=%s',
  (address) => {
    expect(warning({ ...ACCOUNT, PUBLIC_URL: address })).toBeNull();
  },
);

it('a simulator reaches any address, and so may a server that stands in for Twilio', () => {
  const nearby = { PUBLIC_URL: 'http://127.0.0.1:3000' };
  expect(warning(nearby, true)).toBeNull();
  expect(warning({ ...ACCOUNT, ...nearby, TWILIO_BASE_URL: 'http://127.0.0.1:4010' })).toBeNull();
});

it('without PUBLIC_URL, a worker is told that callbacks would go to it, whoever sends them', () => {
  expect(warning({ ROLE: 'worker' }, true)).toContain('this worker');
  expect(warning({}, true)).toBeNull();
});
