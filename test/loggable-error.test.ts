import { describe, expect, it } from 'vitest';
import { faultWithoutWords } from '../src/problems/loggable-error.js';

describe('what is logged of a fault that may quote a body or a number', () => {
  it.each([
    'Query read timeout: nothing within 20000 ms',
    'timeout exceeded when trying to connect',
    'Connection terminated unexpectedly',
  ])('says that the database was away: %s', (message) => {
    expect(faultWithoutWords(new Error(message))).toMatchObject({ name: 'Error', message });
  });

  it('has no words of anything else', () => {
    expect(faultWithoutWords(new RangeError('Hello, +15551230001'))).toEqual({
      name: 'RangeError',
      frames: expect.arrayContaining([expect.stringContaining('loggable-error.test')]) as unknown,
    });
  });

  it('has no words of the database about a statement, but its code', () => {
    const error = Object.assign(new Error('deadlock over Hello'), { code: '40P01', severity: 'ERROR' });
    expect(faultWithoutWords(error)).toEqual({ name: 'Error', code: '40P01', frames: expect.anything() as unknown });
  });
});
