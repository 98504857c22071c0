import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import { Problems } from '../openapi/problems.decorator.js';
import type { Scope } from './scope.js';

/** Who may call a route. A route that declares neither is closed to everyone. */
export type Access = { readonly kind: 'public' } | { readonly kind: 'scopes'; readonly scopes: readonly Scope[] };

export const ACCESS = 'postrider:access';

/** The name of the security scheme in the OpenAPI document. */
export const BEARER = 'apiKey';

/** The route needs a key with every one of these scopes. For a method or, for all its methods, a controller. */
export function Scopes(...scopes: [Scope, ...Scope[]]): ClassDecorator & MethodDecorator {
  return applyDecorators(
    SetMetadata(ACCESS, { kind: 'scopes', scopes } satisfies Access),
    ApiBearerAuth(BEARER),
    Problems('unauthenticated', 'missing-scope', 'internal', 'unavailable'),
  );
}

/** The route needs no key: health, or a request that proves itself otherwise, as by its signature. */
export function Public(): ClassDecorator & MethodDecorator {
  return SetMetadata(ACCESS, { kind: 'public' } satisfies Access);
}
