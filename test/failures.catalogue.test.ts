import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ErrorCataloguePage } from '../src/failures/error-catalogue.dto.js';
import { effectivePolicy } from '../src/failures/effective-policy.js';
import { prefersCsv } from '../src/failures/media-type.preference.js';
import { TWILIO_ERROR_CODES } from '../src/twilio/error-codes/table.js';
import { failures } from './failures.setup.js';
import { Provider, startTestService } from './support/service.js';

const ERRORS = '/v1/admin/errors';

describe('the error catalogue', () => {
  it('explains every code, page by page in order, narrows by class and words, and shows what no row explains', async () => {
    const { api, simulator } = await startTestService();
    const codes: number[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const path: string = `${ERRORS}?limit=100${cursor && `&cursor=${cursor}`}`;
      const { body } = await api.get<ErrorCataloguePage>(path);
      codes.push(...body.items.map((item) => item.code));
      cursor = body.nextCursor;
    }
    expect(codes).toEqual([...TWILIO_ERROR_CODES.keys()]);

    const found = async (query: string) => (await api.get<ErrorCataloguePage>(`${ERRORS}?${query}`)).body.items;
    expect(await found('q=63016')).toEqual([
      {
        code: 63016,
        name: expect.any(String),
        errorClass: 'channel_unavailable',
        responsible: expect.any(String),
        retry: 'never',
        fallback: 'at_once',
        sameChannelAgain: 'by_class',
        otherChannelHelps: 'by_class',
        scope: expect.any(String),
        seenIn: expect.any(String),
        action: expect.stringMatching(/^(Caller|Operator|Nobody): /),
        note: expect.anything(),
        notOnChannel: false,
        mayHaveArrived: false,
        resetsAfterMs: null,
        source: 'https://www.twilio.com/docs/api/errors/63016',
        reviewedAt: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      },
    ]);
    const optedOut = await found('errorClass=opted_out');
    expect(optedOut.map((row) => row.code)).toContain(21610);
    expect(new Set(optedOut.map((row) => row.errorClass))).toEqual(new Set(['opted_out']));
    expect((await api.get(`${ERRORS}?cursor=bm9wZQ`)).status).toBe(400);

    const provider = new Provider(simulator.url);
    await provider.fail('+15551230001', { fault: { kind: 'status', status: 400, code: 39_999 } });
    for (let n = 0; n < 2; n += 1) {
      const id = await api.send({ to: '+15551230001', channels: ['sms'], body: 'Hello' });
      await api.untilStatus(id, 'failed');
    }
    const { body } = await api.get<ErrorCataloguePage>(ERRORS);
    const [newest, oldest] = await failures({ api }, 'providerCode=39999');
    expect(newest?.at).not.toBe(oldest?.at);
    expect(body.unknownCodes).toEqual([{ code: 39_999, count: 2, lastSeenAt: newest?.at }]);
  });

  it("shows the operator's own judgement of a code", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postrider-test-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'codes.json');
    const added = { errorClass: 'permission', responsible: 'operator', name: 'Odd', action: 'Operator: look into it.' };
    await writeFile(file, JSON.stringify({ '30007': { otherChannelHelps: 'yes' }, '39999': added }));
    const { api } = await startTestService({ TWILIO_ERROR_CODES_FILE: file });
    const { body: odd } = await api.get<ErrorCataloguePage>(`${ERRORS}?q=39999`);
    expect(odd.items).toEqual([
      expect.objectContaining({ ...added, note: 'Added by the operator.', reviewedAt: null }),
    ]);
    const { body } = await api.get<ErrorCataloguePage>(`${ERRORS}?q=30007`);
    expect(body.items).toEqual([
      expect.objectContaining({
        code: 30_007,
        otherChannelHelps: 'yes',
        fallback: 'at_once',
        note: expect.stringContaining('Changed by the operator'),
      }),
    ]);
  });
});

describe('the effective policy of a code', () => {
  it.each([
    [20_503, 'backoff', 'when_exhausted'],
    [63_016, 'never', 'at_once'],
    [20_003, 'hold', 'never'],
    [63_038, 'hold', 'never'],
    [21_610, 'never', 'never'],
    // Seen in callbacks only: it was accepted, so nothing is sent again on that channel.
    [30_003, 'never', 'at_once'],
    [30_020, 'never', 'at_once'],
    [30_023, 'never', 'at_once'],
    [21_211, 'never', 'never'],
  ])('of %i is retry %s, fallback %s', (code, retry, fallback) => {
    const row = TWILIO_ERROR_CODES.get(code);
    expect(row && effectivePolicy(row)).toEqual({ retry, fallback });
  });
});

it('no code promises a retry that is never made', () => {
  const promises = [...TWILIO_ERROR_CODES.values()].filter(
    ({ seenIn, action }) =>
      seenIn !== 'api_response' &&
      /(tries|calls|sends|asks)\b.* again/.test(action) &&
      !/Twilio itself|review queue/.test(action),
  );
  expect(promises.map(({ code }) => code)).toEqual([]);
});

describe('the wish for CSV', () => {
  it.each([
    ['text/csv', true],
    ['text/csv;q=0.9, application/json;q=0.5', true],
    ['TEXT/CSV; header=present', true],
    ['text/*', true],
    ['text/csv, application/json', true],
    ['application/json', false],
    ['application/json, text/csv;q=0.5', false],
    ['*/*', false],
    ['text/csv;q=0', false],
    ['text/csv;q=x', false],
    [undefined, false],
  ])('in %s is %s', (accept, wanted) => {
    expect(prefersCsv(accept)).toBe(wanted);
  });
});
