import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiNoContentResponse, ApiSecurity } from '@nestjs/swagger';
import { ExpectsBody } from '../http/body.decorator.js';
import { Problems } from '../openapi/problems.decorator.js';
import { TWILIO_SIGNATURE } from '../openapi/security.js';

/** A route that takes a form from Twilio and answers 204. @param needed parameters without which the answer is a 400 */
export function SignedForm(...needed: readonly string[]): MethodDecorator {
  const text = { type: 'string' } as const;
  return applyDecorators(
    ExpectsBody({ as: 'form' }),
    ApiSecurity(TWILIO_SIGNATURE),
    ApiConsumes('application/x-www-form-urlencoded'),
    ApiBody({
      schema: {
        type: 'object',
        required: [...needed],
        properties: Object.fromEntries(needed.map((name) => [name, text])),
        additionalProperties: text,
      },
    }),
    ApiNoContentResponse({ description: 'It is recorded; whatever it says.' }),
    Problems('bad-signature', 'validation-failed', 'unsupported-media-type', 'payload-too-large'),
    Problems('internal', 'unavailable'),
  );
}
