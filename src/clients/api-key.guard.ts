import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../problems/problem.js';
import { ACCESS, type Access } from './access.decorator.js';
import { ApiKeyAuthenticator } from './api-key.authenticator.js';
import type { Caller } from './caller.js';
import type { Scope } from './scope.js';

/** Stands before every route. One that says neither `@Scopes` nor `@Public` is closed. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  /** What each route says, by controller and method; asking the metadata takes 3 µs of each request. */
  private readonly accessOf = new Map<object, Map<object, Access>>();

  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: ApiKeyAuthenticator,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const access = this.accessTo(context);
    if (access?.kind === 'public') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const found = this.authenticator.authenticate(secretOf(request));
    return found instanceof Promise
      ? found.then((caller) => admit(request, caller, access))
      : admit(request, found, access);
  }

  private accessTo(context: ExecutionContext): Access | undefined {
    const [controller, handler] = [context.getClass(), context.getHandler()];
    const ofController = this.accessOf.get(controller) ?? new Map<object, Access>();
    const known = ofController.get(handler);
    if (known) return known;
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [handler, controller]);
    if (access) this.accessOf.set(controller, ofController.set(handler, access));
    return access;
  }
}

function admit(request: FastifyRequest, caller: Caller | null, access: Access | undefined): true {
  if (!caller) throw unauthenticated('This API key is unknown or revoked.', 'Bearer error="invalid_token"');
  if (access?.kind !== 'scopes') throw new Problem('forbidden', { detail: 'No key opens this route.' });
  const missing = access.scopes.find((scope) => !caller.scopes.has(scope));
  if (missing !== undefined) throw missingScope(missing);
  request.caller = caller;
  return true;
}

/** RFC 6750 section 2.1, and wider: an ADMIN_API_KEY may have spaces. The scheme's name may be written in any case. */
function secretOf(request: FastifyRequest): string {
  const secret = /^bearer +(?<secret>.+)$/i.exec(request.headers.authorization ?? '')?.groups?.['secret'];
  if (secret === undefined) throw unauthenticated('Send Authorization: Bearer <API key>.', 'Bearer');
  return secret;
}

function unauthenticated(detail: string, challenge: string): Problem {
  return new Problem('unauthenticated', { detail, headers: { 'www-authenticate': challenge } });
}

function missingScope(scope: Scope): Problem {
  return new Problem('missing-scope', {
    detail: `This operation needs an API key with the scope ${scope}.`,
    headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
    extra: { scope },
  });
}
