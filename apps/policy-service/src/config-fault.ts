import { ConfigError, WeirError } from '@weir/base';
import { configSpec } from './config.ts';

/** Rethrows an error of the domain as one of that flag. */
export const asConfigFault =
  (field: string) =>
  (error: unknown): never => {
    if (!(error instanceof WeirError)) throw error;
    throw new ConfigError(configSpec.name, [{ field, description: error.message }]);
  };
