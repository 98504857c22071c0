import { canonicalize } from 'json-canonicalize';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../src/notifications/canonical-json.js';

const REQUESTS = [
  '{"to":"+15551230001","channels":["whatsapp","sms"],"body":"Hello"}',
  '{"metadata":{"b":1,"a":{"z":null,"y":[{"k":2,"j":[]},[],{}]}},"body":"ä \\u2028 \\ud83d\\ude00 \\"quoted\\" \\n"}',
  '{"10":1,"9":2,"-1":3,"a":4,"A":5,"":6,"ä":7,"\\ud83d\\ude00":8,"\\ufb33":9,"1":10}',
  '{"n":[0,-0,1.0,1e21,1e-7,123456789012345678901234567890,0.1,-5e-324,1e2]}',
  '{"b":2,"a":{"toJSON":null,"d":1,"c":2}}',
  '{"constructor":1,"length":2,"hasOwnProperty":3,"valueOf":4,"__proto__x":5}',
  '{"lone":"\\ud800","\\udc00":true,"deep":[[[[[[{"b":[],"a":{}}]]]]]]}',
  '[]',
  '{}',
  '"text"',
  'null',
  '17',
];

describe('the canonical form of a request', () => {
  it.each(REQUESTS)('is byte by byte what is stored already: %s', (json) => {
    const value: unknown = JSON.parse(json);
    expect(canonicalJson(value)).toBe(canonicalize(value));
  });

  it('does not depend on the order of keys', () => {
    const one = canonicalJson(JSON.parse('{"b":{"d":1,"c":[{"f":2,"e":3}]},"a":1}'));
    expect(one).toBe(canonicalJson(JSON.parse('{"a":1,"b":{"c":[{"e":3,"f":2}],"d":1}}')));
    expect(one).toBe('{"a":1,"b":{"c":[{"e":3,"f":2}],"d":1}}');
  });

  it('does not depend on it either where a key is called toJSON, which the library takes for a method', () => {
    const one = canonicalJson(
      JSON.parse('{"toJSON":1,"b":{"toJSON":{"z":1,"y":2},"c":3},"a":[{"toJSON":true,"d":4}]}'),
    );
    expect(one).toBe(
      canonicalJson(JSON.parse('{"a":[{"d":4,"toJSON":true}],"b":{"c":3,"toJSON":{"y":2,"z":1}},"toJSON":1}')),
    );
    expect(one).toBe('{"a":[{"d":4,"toJSON":true}],"b":{"c":3,"toJSON":{"y":2,"z":1}},"toJSON":1}');
  });

  it.each(['1e999', '{"metadata":{"n":[-1e999]}}'])('refuses a number that JSON cannot hold: %s', (json) => {
    const value: unknown = JSON.parse(json);
    expect(() => canonicalJson(value)).toThrow('Non-finite number');
    expect(() => canonicalize(value)).toThrow('Non-finite number');
  });
});
