import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { ACCESS, type Access } from '../access/access.decorator.js';
import { Admission } from './admission.js';

/**
 * Guards every route. A route with neither `@Scopes` nor `@Public` is closed. Where a route needs scopes, the key has
 * been checked before the body was read: see key-first.hook.ts.
 */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  /** The access of each route, by controller and method; reading the metadata takes 3 µs of each request. */
  private readonly accessOf = new Map<object, Map<object, Access>>();

  constructor(
    private readonly reflector: Reflector,
    private readonly admission: Admission,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const access = this.accessTo(context);
    if (access?.kind === 'public') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    return this.admission.admit(request, access);
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
