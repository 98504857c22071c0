import { registerHooks } from 'node:module';

/**
 * Lets a plain `node --import` run files of src without a build: Node strips their types, this finds `x.ts` where the
 * import says `x.js`. Only for files without decorators.
 */
registerHooks({
  resolve(specifier, context, nextResolve) {
    try {
      return nextResolve(specifier, context);
    } catch (error) {
      if (!specifier.startsWith('.') || !specifier.endsWith('.js')) throw error;
      return nextResolve(specifier.replace(/\.js$/, '.ts'), context);
    }
  },
});
