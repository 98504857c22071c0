import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../problems/problem.js';
import type { Access } from '../access/access.decorator.js';
import { ApiKeyAuthenticator } from './api-key.authenticator.js';
import type { Caller } from '../access/caller.js';
import type { Scope } from '../access/scope.js';

/** Admits a request if its key has the scopes that its route needs. */
@Injectable()
export class Admission {
  constructor(private readonly authenticator: ApiKeyAuthenticator) {}

  /**
   * Sets the caller of the request; one that is already set is not looked up again.
   * @param access what the route declares; a route that declares nothing is closed to everyone
   * @returns at once if the key is cached
   * @throws Problem `unauthenticated`, `missing-scope` or `forbidden`, or rejects with it
   */
  admit(request: FastifyRequest, access: Access | undefined): true | Promise<true> {
    const found = request.caller ?? this.authenticator.authenticate(secretOf(request));
    return found instanceof Promise
      ? found.then((caller) => admit(request, caller, access))
      : admit(request, found, access);
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

/** Accepts more than RFC 6750 section 2.1: an ADMIN_API_KEY may have spaces. The scheme is case-insensitive. */
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
