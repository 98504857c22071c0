import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Admission } from './admission.js';

/**
 * Guards every route. A route with neither `@Scopes` nor `@Public` is closed. Where a route needs scopes, the key has
 * been checked before the body was read: see key-first.hook.ts.
 */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(private readonly admission: Admission) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { access } = request.routeOptions.config;
    return access?.kind === 'public' || this.admission.admit(request, access);
  }
}
