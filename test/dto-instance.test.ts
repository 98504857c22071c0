import { Expose, plainToInstance, Transform, Type } from 'class-transformer';
import { IsInt, IsOptional, IsString } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { PageQuery } from '../src/http/pagination.js';
import { BatchItemDto, CreateNotificationDto } from '../src/notifications/create-notification.dto.js';
import { dtoInstance } from '../src/validation/dto-instance.js';

class Converted {
  @IsInt()
  @Type(() => Number)
  count: number;

  @IsString()
  @Transform(({ value }) => String(value).trim())
  name: string;

  @IsOptional()
  plain: unknown = 'a default';
}

class Renamed {
  @IsString()
  @Expose({ name: 'other' })
  name: string;
}

const GIVEN = [
  '{"to":"+15551230001","channels":["sms"],"body":"Hello"}',
  '{"to":null,"channels":[null,1,true,["deep"],{}],"unknown":{"a":[]},"body":""}',
  '{"metadata":{"orderId":"A-17","list":[{"b":1,"a":{}}]},"idempotencyKey":"k"}',
  '{"whatsapp":{"contentSid":"HX","contentVariables":{"1":"a"}},"sms":{"body":"x"},"voice":null}',
  '{"whatsapp":"text","sms":[{"body":"a"}],"voice":17}',
  '{"metadata":{"toString":1,"valueOf":"x","hasOwnProperty":{"a":1}}}',
  '{"toString":1,"hasOwnProperty":"x","body":"y"}',
  '{"limit":"10","cursor":"abc"}',
  '{"count":"3","name":"  padded ","plain":{"a":1}}',
  '{"count":null,"name":5}',
  '{"name":"a","other":"b"}',
  '{}',
];
const TYPES = [CreateNotificationDto, BatchItemDto, PageQuery, Converted, Renamed];
const CASES = TYPES.flatMap((type) => GIVEN.map((json) => ({ type, json, name: type.name })));

describe('an instance of a DTO', () => {
  it.each(CASES)('is what class-transformer makes: $name of $json', ({ type, json }) => {
    const [ours, theirs] = [
      dtoInstance<object>(type, JSON.parse(json)),
      plainToInstance<object, object>(type, JSON.parse(json)),
    ];
    expect(ours).toStrictEqual(theirs);
    expect(Object.keys(ours)).toEqual(Object.keys(theirs));
  });

  it('has its own defaults, and what was given instead of them', () => {
    expect(dtoInstance(Converted, {}).plain).toBe('a default');
    expect(dtoInstance(Converted, { plain: 'given' }).plain).toBe('given');
  });
});
