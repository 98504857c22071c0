import { addToRoute } from './route.config.js';

const KIB = 1024;

/** The largest body in bytes, unless a route says otherwise. */
export const BODY_LIMIT = 1024 * KIB;
export const FORM_LIMIT = 256 * KIB;

export interface BodyExpectation {
  /** `form`: application/x-www-form-urlencoded. Default: `json`. */
  readonly as?: 'json' | 'form';
  /** In bytes. */
  readonly limit?: number;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly body?: BodyExpectation;
  }
}

/** For a route whose body is not JSON of at most {@link BODY_LIMIT}. */
export const ExpectsBody = (body: BodyExpectation): MethodDecorator => addToRoute({ body });
