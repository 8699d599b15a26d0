import { FailedPrecondition, Internal, type Logger, silentLogger } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { internalErrors, isExpected } from './internal-errors.ts';

describe('internal errors', () => {
  it('are logged with their stack once, and counted each time', () => {
    const [logged, counted]: [unknown[], string[]] = [[], []];
    const logger: Logger = { ...silentLogger, error: (fields) => void logged.push(fields) };
    const errors = internalErrors(logger, (activity) => counted.push(activity));
    const fault = new TypeError('x is undefined');
    for (let time = 0; time < 3; time++) errors.report('plan', fault, { cellId: 'c' });
    errors.report('learn', fault);
    expect(logged).toEqual([
      { err: fault, activity: 'plan', cellId: 'c' },
      { err: fault, activity: 'learn' },
    ]);
    expect(counted).toEqual(['plan', 'plan', 'plan', 'learn']);
  });

  it('are all but those of the domain', () => {
    expect(isExpected(new FailedPrecondition('no plan'))).toBe(true);
    for (const fault of [new Internal('thread died'), new TypeError('x'), 'text'])
      expect(isExpected(fault)).toBe(false);
  });
});
