import { seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import type { Block, TracingCost } from './tracing-cost.ts';
import { tracingKept } from './tracing-kept.ts';

const random = seededRandom(3);
const frames = 50;

/** A block of which a quarter is on main threads, with a slowdown factor on them; 1 % of noise. */
function block(times: number, handOverMs = 0.5): Block {
  const mainMs = 25 * times * (1 + 0.01 * random.normal());
  return { cpuMs: 75 + mainMs, mainMs, wallMs: 70 + mainMs, handOverMs };
}

/** Off costs nothing, the SDK's presence takes 4 % of the main threads and sampling 8 %; the cell that has it is as it is by chance. */
function cost(byChance: number): TracingCost {
  const rounds = Array.from({ length: 40 });
  return {
    plain: rounds.map(() => ({ none: block(1), off: block(1) })),
    traced: rounds.map(() => ({
      off: block(byChance * 1.04),
      sampled: block(byChance * 1.04 * 1.08, 1.5),
    })),
    loadMs: 200,
    spanBytes: 10,
  };
}

describe('what tracing leaves of the throughput', () => {
  const kept = tracingKept([cost(1), cost(1.1), cost(1 / 1.1)], { frames, seed: 1 });

  it('is told from what two cells differ by', () => {
    expect(kept.off.processorTime.mean).toBeCloseTo(1, 2);
    // A quarter of 4, of 8 and of 12.3 %.
    expect(kept.sdkLoaded.processorTime.mean).toBeCloseTo(1 / 1.01, 2);
    expect(kept.sampled.processorTime.mean).toBeCloseTo(1 / 1.02, 2);
    expect(kept.traced.processorTime.mean).toBeCloseTo(1 / 1.031, 2);
  });

  it('has intervals that hold it', () => {
    for (const [part, value] of [
      [kept.off, 1],
      [kept.sampled, 1 / 1.02],
      [kept.traced, 1 / 1.031],
    ] as const) {
      expect(part.processorTime.low).toBeLessThan(value);
      expect(part.processorTime.high).toBeGreaterThan(value);
    }
  });

  it('counts what turning costs more after samples as the export', () => {
    expect(kept.exportMs).toBeCloseTo(1);
    expect(kept.loadMs).toBe(200);
    expect(kept.spanBytes).toBe(30);
  });
});
