import type { Type } from '@nestjs/common';
import type { RunningService } from '../../src/service.js';

/** A part of a running service. */
export function partOf<Part>(service: RunningService, part: Type<Part>): Part {
  return service.app.get(part, { strict: false });
}
