import 'reflect-metadata';
import { Type, plainToInstance } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  Equals,
  IsArray,
  IsDefined,
  IsIn,
  IsInt,
  IsISO8601,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateIf,
  ValidateNested,
  validateSync,
} from 'class-validator';
import { describe, expect, it } from 'vitest';
import { closestName } from '../src/validation/closest-name.js';
import { isValidAtOnce } from '../src/validation/valid-at-once.js';

class Inner {
  @Matches(/^HX[0-9a-f]{4}$/)
  sid: string;

  @IsOptional()
  @IsObject()
  variables?: Record<string, string>;
}

class Base {
  @IsString()
  @Matches(/^\+[1-9]\d{6,14}$/)
  to: string;
}

class Outer extends Base {
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(3)
  @ArrayUnique()
  @IsIn(['whatsapp', 'sms', 'voice'], { each: true })
  channels: string[];

  @IsOptional()
  @ValidateNested()
  @Type(() => Inner)
  inner?: Inner;

  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Inner)
  inners?: Inner[];

  @ValidateNested()
  @IsOptional()
  untyped?: object;

  @ValidateIf((outer: Outer) => outer.channels.length > 1)
  @IsISO8601()
  at?: string;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(9)
  number?: number;

  @IsString({ each: true, validateIf: (outer: Outer) => outer.number === 3 })
  @Length(1, 2, { each: true })
  tags: unknown = ['a'];

  @IsDefined()
  @Equals(1)
  one: unknown = 1;
}

/** Values that are right, wrong and odd, for every field. */
const ODD = [undefined, null, 0, 1, 3, 10, 1.5, '', 'a', 'sms', '+15551230001', '2026-12-01T09:00:00Z', [], {}, true];
const VALUES: Record<string, readonly unknown[]> = {
  channels: [['sms'], ['sms', 'voice'], ['sms', 'sms'], ['fax'], ['sms', 5], [['sms']]],
  inner: [
    { sid: 'HX0000' },
    { sid: 'x' },
    { sid: 'HX0000', more: 1 },
    { sid: 'HX0000', variables: 5 },
    [{ sid: 'HX0000' }],
  ],
  inners: [[{ sid: 'HX0000' }], [{ sid: 'HX0000' }, {}], [null], [undefined], ['x'], [[{ sid: 'HX0000' }]], [[{}]]],
  untyped: [{ any: 1 }, [{}], [{ any: 1 }]],
  tags: [['a'], ['abc'], ['a', 5]],
  unknown: [1],
};

function* bodies(): Generator<object> {
  const valid = { to: '+15551230001', channels: ['sms'] };
  yield valid;
  for (const field of ['to', 'at', 'number', 'one', ...Object.keys(VALUES)]) {
    for (const value of [...ODD, ...(VALUES[field] ?? [])]) {
      yield { ...valid, [field]: value };
      yield { ...valid, channels: ['sms', 'voice'], number: 3, [field]: value };
    }
  }
}

const make = (body: object) => plainToInstance(Outer, body);

/** null where a condition of the class above cannot take the value. */
function isValid(body: object): boolean | null {
  try {
    const rules = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: false };
    return validateSync(make(body), rules).length === 0;
  } catch {
    return null;
  }
}

describe('validation', () => {
  const judged = [...bodies()].map((body) => ({ body, valid: isValid(body) })).filter(({ valid }) => valid !== null);

  it('passes at once exactly what class-validator would pass', () => {
    const atOnce = judged.map(({ body }) => ({ body, valid: isValidAtOnce(make(body)) }));
    expect(atOnce).toEqual(judged);
    expect(Object.groupBy(judged, ({ valid }) => String(valid))).toMatchObject({
      true: { length: expect.toSatisfy((length) => Number(length) > 20) },
      false: { length: expect.toSatisfy((length) => Number(length) > 100) },
    });
  });

  it('leaves lists that no JSON holds to class-validator', () => {
    const outer = make({ to: '+15551230001', channels: ['sms'] });
    expect(isValidAtOnce(outer)).toBe(true);
    expect(isValidAtOnce(Object.assign(outer, { tags: new Set(['a']) }))).toBe(false);
  });
});

describe('a mistyped name', () => {
  it.each([
    ['chanels', 'channels'],
    ['Body', 'body'],
    ['bdoy', 'body'],
    ['sendAtt', 'sendAt'],
    ['send_at', 'sendAt'],
    ['xy', null],
    ['completely different', null],
    ['x'.repeat(5000), null],
  ])('is recognised: %#', (mistyped, meant) => {
    expect(closestName(mistyped, ['channels', 'body', 'sendAt', 'to', 'metadata'])).toBe(meant);
  });
});
