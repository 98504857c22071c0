import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyContextConfig } from 'fastify';

const SAID_SO_FAR = 'postrider:route-config';

/** Adds to the Fastify config of a route; Nest's RouteConfig alone replaces what was set before. */
export function addToRoute(told: Partial<FastifyContextConfig>): MethodDecorator {
  return (target, name, descriptor) => {
    const handler: object = Object(descriptor.value);
    const before: object | undefined = Reflect.getMetadata(SAID_SO_FAR, handler);
    const config = { ...before, ...told };
    Reflect.defineMetadata(SAID_SO_FAR, config, handler);
    RouteConfig(config)(target, name, descriptor);
  };
}
