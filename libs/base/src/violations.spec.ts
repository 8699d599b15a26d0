import { describe, expect, it } from 'vitest';
import { InvalidInput } from './errors.ts';
import { Violations } from './violations.ts';

describe('violations', () => {
  it('are thrown together, in the order in which they were found', () => {
    const violations = new Violations();
    violations.id('', 'name');
    violations.number(2, 'share', { max: 1 });
    violations.check(false, 'tier', 'expected a tier');
    expect(violations.list([1, 2, 3], 'parts', 2)).toEqual([1, 2]);
    let thrown: unknown;
    try {
      violations.throwIfAny();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InvalidInput);
    expect((thrown as InvalidInput).violations).toEqual([
      { field: 'name', description: 'expected 1..128 characters, got 0' },
      { field: 'share', description: 'expected a number 0..1, got 2' },
      { field: 'tier', description: 'expected a tier' },
      { field: 'parts', description: 'expected at most 2, got 3' },
    ]);
  });

  it('are none where everything is good', () => {
    const violations = new Violations();
    violations.id('x'.repeat(128), 'name');
    violations.number(0, 'delay');
    violations.number(1, 'share', { max: 1, above: true });
    violations.list([], 'parts', 0);
    violations.throwIfAny();
    expect(violations.found).toEqual([]);
  });

  it.each([
    [NaN, {}],
    [Infinity, {}],
    [-1e-9, {}],
    [0, { above: true }],
    [1.1, { max: 1 }],
  ])('take %d for bad within %o', (value, range) => {
    const violations = new Violations();
    violations.number(value, 'x', range);
    expect(violations.found).toHaveLength(1);
  });

  it('are kept up to a bound, so that a message of a thousand faults gets a short answer', () => {
    const violations = new Violations();
    for (let index = 0; index < 1_000; index++) expect(violations.id('', `names[${index}]`)).toBe(false);
    expect(violations.found).toHaveLength(64);
    expect(violations.found.at(-1)?.field).toBe('names[63]');
  });
});
