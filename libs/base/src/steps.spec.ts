import { describe, expect, it } from 'vitest';
import { finish, mapInSteps } from './steps.ts';

describe('work in steps', () => {
  it('maps a list as it would be at once, and stops after every so many items', () => {
    const items = [1, 2, 3, 4, 5];
    const doubled = (length?: number) => mapInSteps(items, (item, index) => 10 * item + index, length);
    expect(finish(doubled(2))).toEqual(items.map((item, index) => 10 * item + index));
    expect([...doubled(2)]).toHaveLength(2);
    expect([...doubled()]).toHaveLength(0);
  });

  it('throws what a step throws', () => {
    const broken = mapInSteps([1, 2], (item) => {
      if (item === 2) throw new Error('two');
    });
    expect(() => finish(broken)).toThrow('two');
  });
});
