import { registerHooks } from 'node:module';

let registered = false;

/**
 * Lets files outside of Weir's tree import `@weir/learning`, `@weir/domain` and `@weir/base`, this very instance of them,
 * and whatever Weir stands on that their own folder does not have, e.g. zod. For this thread; a second call does nothing.
 */
export function offerWeirImports(): void {
  if (registered) return;
  registered = true;
  registerHooks({
    resolve(specifier, context, next) {
      const fromHere = () => next(specifier, { ...context, parentURL: import.meta.url });
      if (specifier.startsWith('@weir/')) return fromHere();
      try {
        return next(specifier, context);
      } catch (error) {
        if (/^(\.|\/|node:|file:)/.test(specifier)) throw error;
        try {
          return fromHere();
        } catch {
          // Theirs tells who asked for it.
          throw error;
        }
      }
    },
  });
}
