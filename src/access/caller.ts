import type { Scope } from './scope.js';

/** Who a request comes from, once its key is known to be valid. */
export interface Caller {
  readonly clientId: string;
  readonly keyId: string;
  /** `<client>/<key>`, with `#<id>` behind it where the name alone does not tell the key: the actor of the audit log. */
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every route that needs a key, once the key is known to be valid. */
    caller?: Caller;
  }
}
