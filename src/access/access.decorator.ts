import { applyDecorators } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import { addToRoute, configOf } from '../http/route.config.js';
import { BEARER } from '../openapi/security.js';
import { Problems } from '../openapi/problems.decorator.js';
import type { Scope } from './scope.js';

/** Who may call a route. A route that declares neither is closed to everyone. */
export type Access = { readonly kind: 'public' } | { readonly kind: 'scopes'; readonly scopes: readonly Scope[] };

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly access?: Access;
  }
}

/** The route needs a key with all of these scopes. For a method, or for a controller and all its methods. */
export function Scopes(...scopes: [Scope, ...Scope[]]): ClassDecorator & MethodDecorator {
  return applyDecorators(
    declareAccess({ kind: 'scopes', scopes }),
    ApiSecurity(BEARER, scopes),
    Problems('unauthenticated', 'missing-scope', 'internal', 'unavailable', 'overloaded'),
  );
}

/** The route needs no key: health, or a request authenticated in another way, such as by its signature. */
export function Public(): ClassDecorator & MethodDecorator {
  return declareAccess({ kind: 'public' });
}

/** Fastify's config of a route holds its access. Routes are methods: each gets what its controller declares. */
function declareAccess(access: Access): ClassDecorator & MethodDecorator {
  return (target: object, name?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (name !== undefined && descriptor) addToRoute({ access })(target, name, descriptor);
    else if (typeof target === 'function') tellMethods(target.prototype, access);
  };
}

/** Leaves out methods with access of their own: their decorators ran first. */
function tellMethods(prototype: object, access: Access): void {
  for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    const isMethod = name !== 'constructor' && typeof member.value === 'function';
    if (isMethod && !configOf(member.value).access) addToRoute({ access })(prototype, name, member);
  }
}
