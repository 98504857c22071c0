import type { PipeTransform } from '@nestjs/common';
import { validate as isUuid } from 'uuid';
import { notFound } from '../problems/problem.js';

/** For `:id` in a path. A value that is not a UUID names nothing, so it is a 404 like any unknown id. */
export class UuidPipe implements PipeTransform<string, string> {
  constructor(private readonly what: string) {}

  transform(value: string): string {
    if (!isUuid(value)) throw notFound(this.what);
    return value.toLowerCase();
  }
}
