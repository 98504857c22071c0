import type { Scope } from './scope.js';

/** Who a request comes from, once its key is known to be valid. */
export interface Caller {
  readonly clientId: string;
  readonly keyId: string;
  /** The actor in the audit log: `<client>/<key>`, followed by `#<id>` if the name alone does not identify the key. */
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on every route that needs a key, once the key is known to be valid. */
    caller?: Caller;
  }
}
