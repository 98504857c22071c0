import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import { addToRoute } from '../http/route.config.js';
import { BEARER } from '../openapi/security.js';
import { Problems } from '../openapi/problems.decorator.js';
import type { Scope } from './scope.js';

/** Who may call a route. A route that declares neither is closed to everyone. */
export type Access = { readonly kind: 'public' } | { readonly kind: 'scopes'; readonly scopes: readonly Scope[] };

export const ACCESS = 'postrider:access';

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly access?: Access;
  }
}

/** The route needs a key with every one of these scopes. For a method or, for all its methods, a controller. */
export function Scopes(...scopes: [Scope, ...Scope[]]): ClassDecorator & MethodDecorator {
  return applyDecorators(
    declareAccess({ kind: 'scopes', scopes }),
    ApiSecurity(BEARER, scopes),
    Problems('unauthenticated', 'missing-scope', 'internal', 'unavailable'),
  );
}

/** The route needs no key: health, or a request that proves itself otherwise, as by its signature. */
export function Public(): ClassDecorator & MethodDecorator {
  return declareAccess({ kind: 'public' });
}

/** For the guard, as metadata, and for Fastify, which knows only methods: what a controller says goes to each of them. */
function declareAccess(access: Access): ClassDecorator & MethodDecorator {
  return (target: object, name?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (name !== undefined && descriptor) {
      SetMetadata(ACCESS, access)(target, name, descriptor);
      addToRoute({ access })(target, name, descriptor);
    } else if (typeof target === 'function') {
      SetMetadata(ACCESS, access)(target);
      tellMethods(target.prototype, access);
    }
  };
}

/** A method's own word counts: it was there first. */
function tellMethods(prototype: object, access: Access): void {
  for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    const isMethod = name !== 'constructor' && typeof member.value === 'function';
    if (isMethod && !Reflect.hasMetadata(ACCESS, member.value)) addToRoute({ access })(prototype, name, member);
  }
}
