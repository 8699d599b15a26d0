import { describe, expect, it } from 'vitest';
import { jsonInSteps } from './json-in-steps.ts';
import { seededRandom } from './random.ts';
import { finish } from './steps.ts';

const random = seededRandom(1);

/** Plain data of some depth, with whatever JSON leaves out or writes otherwise. */
function anything(depth: number): unknown {
  const kind = random.integer(depth > 0 ? 8 : 6);
  const few = () => random.integer(random.integer(10) === 0 ? 200 : 4);
  switch (kind) {
    case 0:
      return random.normal();
    case 1:
      return ['', 'a "b"\n', 'ü', '\ud800'][random.integer(4)];
    case 2:
      return random.integer(2) === 0;
    case 3:
      return null;
    case 4:
      return [undefined, NaN, Infinity, -0][random.integer(4)];
    case 5:
      return [new Date(0), new Map([[1, 2]])][random.integer(2)];
    case 6:
      return Array.from({ length: few() }, () => anything(depth - 1));
    default:
      return Object.fromEntries(Array.from({ length: few() }, (_, at) => [`k${at}`, anything(depth - 1)]));
  }
}

describe('JSON in steps', () => {
  it('is the JSON that it would be at once', () => {
    for (let turn = 0; turn < 300; turn++) {
      const value = { any: anything(4) };
      expect(finish(jsonInSteps(value))).toBe(JSON.stringify(value));
    }
  });

  it('stops in a long list, wherever that is', () => {
    const long = Array.from({ length: 1_000 }, (_, at) => at);
    for (const value of [long, { of: { it: long } }, [['key', long]]])
      expect([...jsonInSteps(value)]).toHaveLength(31);
    expect([...jsonInSteps({ short: [1, 2, 3] })]).toHaveLength(0);
  });
});
