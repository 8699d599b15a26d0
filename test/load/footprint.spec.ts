import { describe, expect, it } from 'vitest';
import { flat, type Footprint, nothingLeft } from './footprint.ts';

const samples = (mbOf: (at: number) => number, handlesOf: (at: number) => number = () => 20): Footprint[] =>
  Array.from({ length: 100 }, (_, at) => ({ rssMb: mbOf(at), handles: handlesOf(at) }));
const holds = (fact: readonly [string, boolean]) => fact[1];

describe('memory over a soak', () => {
  const twentieth = (mb: number) => mb / 20;
  it('is flat when it settles in the first half, and not when it goes on growing', () => {
    expect(
      holds(
        flat(
          'a',
          samples((at) => 100 + Math.min(at, 50)),
          twentieth,
        ),
      ),
    ).toBe(true);
    expect(
      holds(
        flat(
          'a',
          samples((at) => 100 + at),
          twentieth,
        ),
      ),
    ).toBe(false);
  });

  it('is flat when it grows until it is collected, and not when less is given back each time', () => {
    expect(
      holds(
        flat(
          'a',
          samples((at) => 100 + 2 * (at % 15)),
          twentieth,
        ),
      ),
    ).toBe(true);
    expect(
      holds(
        flat(
          'a',
          samples((at) => 100 + 2 * (at % 15) + 1.5 * at),
          twentieth,
        ),
      ),
    ).toBe(false);
  });

  it('goes with handles that are as many as before', () => {
    const steady = () => 100;
    expect(
      holds(
        flat(
          'a',
          samples(steady, (at) => (at === 80 ? 40 : 20)),
          twentieth,
        ),
      ),
    ).toBe(true);
    expect(
      holds(
        flat(
          'a',
          samples(steady, (at) => 20 + at),
          twentieth,
        ),
      ),
    ).toBe(false);
  });
});

describe('what a flood leaves', () => {
  const footprint = (rssMb: number, handles: number): Footprint => ({ rssMb, handles });
  it.each([
    [footprint(190, 22), true],
    [footprint(211, 20), false],
    [footprint(100, 30), false],
  ])('is little memory and no handles', (after, expected) => {
    expect(holds(nothingLeft('a', { before: footprint(100, 20), after, mostMb: 110 }))).toBe(expected);
  });
});
