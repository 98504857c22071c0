import { applyDecorators, type Type } from '@nestjs/common';
import { ApiBody, ApiExtraModels, getSchemaPath } from '@nestjs/swagger';

/**
 * Bodies to begin with, by what they ask for. Without them, Swagger UI's "Try it out" fills in every field there is, with
 * words and phone numbers of chance: such a body is refused, or reaches a stranger.
 */
export function BodyExamples<Body extends object>(
  type: Type<Body>,
  examples: Readonly<Record<string, NoInfer<Body>>>,
): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(type),
    ApiBody({
      schema: { $ref: getSchemaPath(type) },
      examples: Object.fromEntries(Object.entries(examples).map(([asksFor, value]) => [asksFor, { value }])),
    }),
  );
}
