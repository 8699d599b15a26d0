import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dominators } from './pareto.ts';

describe('dominators', () => {
  it('marks what another beats in accuracy without being slower, or in speed without being worse', () => {
    const front = dominators([
      { name: 'large', accuracy: 0.9, latencyMs: 4 },
      { name: 'large-int8', accuracy: 0.9, latencyMs: 2 },
      { name: 'small', accuracy: 0.8, latencyMs: 1 },
      { name: 'small-int8', accuracy: 0.79, latencyMs: 1.2 },
    ]);
    expect([...front]).toEqual([
      ['large', 'large-int8'],
      ['large-int8', undefined],
      ['small', undefined],
      ['small-int8', 'small'],
    ]);
  });

  it('keeps twins, and leaves a front in which more accuracy always costs more time', () => {
    const variants = fc.array(
      fc.record({ accuracy: fc.integer({ min: 0, max: 9 }), latencyMs: fc.integer({ min: 0, max: 9 }) }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(variants, (values) => {
        const named = values.map((value, index) => ({ ...value, name: `v${index}` }));
        const front = named.filter(({ name }) => dominators(named).get(name) === undefined);
        expect(front.length).toBeGreaterThan(0);
        for (const a of front)
          for (const b of front)
            if (a.accuracy > b.accuracy) expect(a.latencyMs).toBeGreaterThan(b.latencyMs);
      }),
    );
  });
});
