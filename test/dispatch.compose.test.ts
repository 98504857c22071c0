import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { keepLines } from './support/log.lines.js';
import { Provider, startTestService } from './support/service.js';

const TO = '+15551230001';

describe('a spoken text', () => {
  it('is said with a space for every character that XML cannot hold', async () => {
    const { api, simulator } = await startTestService();
    const body = 'ring\u0007 the\u001Fbell \uFFFE& <wait>\tplease 😀';
    await api.untilStatus(await api.send({ to: TO, channels: ['voice'], body }), 'sent', 'delivered');
    const [call] = await new Provider(simulator.url).creates(TO);
    expect(call?.params['Twiml']).toContain('<Say>ring  the bell  &amp; &lt;wait&gt;\tplease 😀</Say>');
  });
});

describe('a request that cannot be written', () => {
  const UNSPEAKABLE = { body: 'Secret 493021', voice: { say: 493021 } };
  /** No caller can bring this about: what is stored is not what this version would have stored. */
  async function sendUnwritable(channels: readonly string[], content: object = UNSPEAKABLE) {
    const started = await startTestService({ ROLE: 'api' });
    const { api, database } = started;
    const id = await api.send({ to: TO, channels, body: 'Secret 493021' });
    await database.query('UPDATE notifications SET content = $1', [JSON.stringify(content)]);
    const { destination, lines } = keepLines();
    await started.replica({ ROLE: 'worker' }, pino({ level: 'info' }, destination));
    return { ...started, id, lines };
  }

  it('is a rejected attempt at once, which says so in kind words', async () => {
    const { api, id, simulator } = await sendUnwritable(['voice']);
    const failed = await api.untilStatus(id, 'failed');
    expect(failed.deliveries[0]?.attempts).toMatchObject([
      { outcome: 'rejected', httpStatus: null, errorClass: 'invalid_request', responsible: 'operator' },
    ]);
    expect(failed.deadLetter).toMatchObject({ state: 'open', errorClass: 'invalid_request' });
    const { body } = await api.get<{ decisions: { sentence: string }[] }>(`/v1/notifications/${id}/explain`);
    expect(body.decisions.map(({ sentence }) => sentence).join('\n')).toMatch(
      /The request of attempt 1 on voice at .* could not be written, so nothing was sent/,
    );
    expect(await new Provider(simulator.url).creates(TO)).toEqual([]);
  });

  it('is one whose form cannot be encoded, too', async () => {
    const content = { body: 'Secret 493021', sms: { mediaUrls: ['https://example.com/\ud83d'] } };
    const { api, id, simulator, lines } = await sendUnwritable(['sms'], content);
    const failed = await api.untilStatus(id, 'failed');
    expect(failed.deliveries[0]?.attempts).toMatchObject([{ outcome: 'rejected', errorClass: 'invalid_request' }]);
    expect(failed.deadLetter).toMatchObject({ state: 'open' });
    expect(lines.join('')).toContain('"name":"URIError"');
    expect(await new Provider(simulator.url).creates(TO)).toEqual([]);
  });

  it('leaves the way to the next channel', async () => {
    const { api, id } = await sendUnwritable(['voice', 'sms']);
    const sent = await api.untilStatus(id, 'sent', 'delivered', 'failed');
    expect(sent.deliveries.map(({ channel, status }) => [channel, status === 'failed'])).toEqual([
      ['voice', true],
      ['sms', false],
    ]);
  });

  it('is logged by the kind of its fault and where it happened, never with what it says', async () => {
    const { api, id, lines } = await sendUnwritable(['voice']);
    await api.untilStatus(id, 'failed');
    const said = lines.join('');
    expect(said).toContain('"name":"TypeError"');
    expect(said).toContain('compose.');
    expect(said).not.toContain('493021');
    expect(said).not.toContain('is not a function');
  });
});
