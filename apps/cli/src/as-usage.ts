import { ConfigError, InvalidInput, WeirError } from '@weir/base';

/** What is not so because of what was asked for, unlike a full disk or a process that is away. */
const ofUsage = new Set(['INVALID_ARGUMENT', 'NOT_FOUND', 'ALREADY_EXISTS', 'FAILED_PRECONDITION']);

/** Reads what a flag names; its faults are faults of usage: exit 64 instead of 1. */
export async function asUsage<Value>(
  command: string,
  flag: string,
  read: () => Promise<Value> | Value,
): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof InvalidInput)
      throw new ConfigError(
        command,
        error.violations.map(({ field, description }) => ({ field: `${flag}: ${field}`, description })),
      );
    if (error instanceof WeirError && ofUsage.has(error.status))
      throw new ConfigError(command, [{ field: flag, description: error.message }]);
    throw error;
  }
}
