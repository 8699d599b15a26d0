import { type Logger, WeirError } from '@weir/base';

/** Where an error came up that nobody expected. */
export type Activity = 'learn' | 'plan' | 'observe' | 'open' | 'replay' | 'store';

/** Told of each error that is a fault of the service or of a learner; those of the domain are handled where they arise. */
export interface InternalErrors {
  report(activity: Activity, err: unknown, facts?: Readonly<Record<string, unknown>>): void;
}

/** Logs a fault with its stack when it is not the last one's repetition, and counts it always. */
export function internalErrors(logger: Logger, count: (activity: Activity) => void): InternalErrors {
  const last = new Map<Activity, string>();
  return {
    report(activity, err, facts = {}) {
      count(activity);
      const said = err instanceof Error ? (err.stack ?? err.message) : String(err);
      if (last.get(activity) === said) return;
      last.set(activity, said);
      logger.error({ err, activity, ...facts }, 'internal error');
    },
  };
}

/** An error of the domain: expected, with a message for whoever caused it. Anything else is a fault of the code. */
export const isExpected = (error: unknown): error is WeirError =>
  error instanceof WeirError && error.status !== 'INTERNAL';
