import { plainToInstance } from 'class-transformer';
import { describe, expect, it } from 'vitest';
import { StartReplayDto } from '../src/dead-letters/replays/replay.dto.js';
import { RetryDeadLetterDto } from '../src/dead-letters/resolution.dto.js';
import { FailuresQuery } from '../src/failures/failure.filter.js';
import { PageQuery } from '../src/http/pagination.js';
import { BatchItemDto, CreateNotificationDto } from '../src/notifications/create-notification.dto.js';
import { readDto } from '../src/validation/dto.reading.js';
import { Problem } from '../src/problems/problem.js';
import { ValidationPipe } from '../src/validation/validation.pipe.js';

const CASES = [
  { type: CreateNotificationDto, json: '{"to":"+15551230001","channels":["sms"],"body":"Hello"}' },
  { type: CreateNotificationDto, json: '{"to":null,"channels":[null,true,["deep"],{}],"body":""}' },
  { type: BatchItemDto, json: '{"metadata":{"orderId":"A-17","list":[{"b":1,"a":{}}]},"idempotencyKey":"k"}' },
  {
    type: CreateNotificationDto,
    json: '{"whatsapp":{"contentSid":"HX","contentVariables":{"1":"a"}},"sms":{"body":"x"},"voice":null}',
  },
  { type: CreateNotificationDto, json: '{"whatsapp":"text","sms":[],"voice":17}' },
  { type: PageQuery, json: '{"limit":"10","cursor":"abc"}' },
  { type: FailuresQuery, json: '{"limit":"20","providerCode":"30003","httpStatus":null}' },
  { type: StartReplayDto, json: '{"filter":{"providerCode":30003,"ids":["a"]},"dryRun":true}' },
  { type: RetryDeadLetterDto, json: '{"changes":{"content":{"sms":{"body":"x"}}}}' },
  { type: PageQuery, json: '{}' },
].map((each) => ({ ...each, name: each.type.name }));

const check = (body: object) => new ValidationPipe().check(body, CreateNotificationDto);
const VALID = { to: '+15551230001', channels: ['sms'], body: 'Hello' };

function errorsOf(body: object) {
  try {
    check(body);
    return [];
  } catch (error) {
    return error instanceof Problem ? (error.toBody().errors ?? []) : [];
  }
}

/** In milliseconds of this process, however busy the machine is. */
function costOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

describe('an instance of a DTO', () => {
  it.each(CASES)('is what class-transformer makes: $name of $json', ({ type, json }) => {
    const theirs = plainToInstance<object, object>(type, JSON.parse(json));
    const { instance, unknown } = readDto<object>(type, JSON.parse(json));
    expect(instance).toStrictEqual(theirs);
    expect(Object.keys(instance)).toEqual(Object.keys(theirs));
    expect(unknown).toEqual([]);
  });

  it.each([[['5']], 'ten', '', '0x10', '1e1', '+5', ' 5'])('takes %j for no number', (limit) => {
    expect(readDto(PageQuery, { limit }).instance).toEqual({ limit });
  });
});

describe('a list that its field refuses', () => {
  const sms = (mediaUrls: readonly unknown[]) => readDto(CreateNotificationDto, { sms: { mediaUrls } }).instance.sms;

  it('is read as far as it takes to refuse it for its length, and one that fits is read whole', () => {
    const tooMany = Array.from({ length: 1000 }, (_, index) => index);
    expect(sms(tooMany)).toEqual({ mediaUrls: tooMany.slice(0, 11) });
    expect(sms(tooMany.slice(0, 10))).toEqual({ mediaUrls: tooMany.slice(0, 10) });
    expect(errorsOf({ ...VALID, sms: { mediaUrls: Array(11).fill('https://example.com/a.png') } })).toEqual([
      { pointer: '/sms/mediaUrls', detail: 'must contain no more than 10 elements' },
    ]);
  });

  it('is not read at all in place of an object', () => {
    const { instance, unknown } = readDto(CreateNotificationDto, { whatsapp: [{ more: 1 }, [{}], 5] });
    expect([instance, unknown]).toEqual([{ whatsapp: [] }, []]);
    expect(errorsOf({ ...VALID, whatsapp: [{}] })).toEqual([{ pointer: '/whatsapp', detail: 'must be an object' }]);
    expect(errorsOf({ ...VALID, whatsapp: [] })).toEqual([{ pointer: '/whatsapp', detail: 'must be an object' }]);
  });
});

describe('names that every object inherits', () => {
  const NAMES = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__'];

  it.each(NAMES)('are kept in metadata: %s', (name) => {
    const metadata = { [name]: 'x', inner: { [name]: { a: 1 } } };
    expect(check({ ...VALID, metadata }).metadata).toEqual(metadata);
    expect(check({ ...VALID, sms: {}, metadata }).metadata).toEqual(metadata);
  });

  it.each(NAMES)('are refused where they are unknown, at every level: %s', (name) => {
    expect(errorsOf({ ...VALID, [name]: 'x', sms: { [name]: 1 } })).toEqual([
      { pointer: `/${name}`, detail: 'unknown property' },
      { pointer: `/sms/${name}`, detail: 'unknown property' },
    ]);
  });
});

describe('a request with very many of something', () => {
  const MANY = 100_000;
  const filled = (element: unknown) => Array<unknown>(MANY).fill(element);
  const names = Object.fromEntries(Array.from({ length: MANY }, (_, index) => [`name ${index}`, 1]));

  it.each([
    { what: 'unknown properties', body: { ...VALID, ...names }, count: 100 },
    { what: 'names in its metadata', body: { ...VALID, sms: {}, metadata: names }, count: 1 },
    { what: 'channels', body: { ...VALID, channels: [...Array(MANY).keys()] }, count: 5 },
    {
      what: 'web addresses',
      body: { ...VALID, sms: { mediaUrls: filled(`https://${'a.'.repeat(120)}example.com`) } },
      count: 1,
    },
    { what: 'objects in place of one', body: { ...VALID, whatsapp: filled({ body: 1, more: 1 }) }, count: 1 },
    { what: 'objects in a list in place of one', body: { ...VALID, whatsapp: [filled({ more: 1 })] }, count: 1 },
  ])('is refused in a moment: $what', ({ body, count }) => {
    let errors: readonly object[] = [];
    const cost = costOf(() => (errors = errorsOf(body)));
    expect(errors).toHaveLength(count);
    expect(cost).toBeLessThan(1500);
  });
});
