import { describe, expect, it } from 'vitest';
import { Lane, laneMemory } from './lane.ts';

/** Both sides of a lane. */
const sides = (bytes: number) => {
  const memory = laneMemory(bytes);
  return { serving: new Lane(memory), inference: new Lane(memory) };
};
const float32 = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

describe('lane', () => {
  it('has each tensor at the place of its inference, wherever its bytes began', () => {
    const { serving, inference } = sides(16);
    for (const [at, values] of [[1, 2] as const, [3, 4] as const].entries()) {
      const message = new Uint8Array(13);
      message.set(float32(...values), 5);
      serving.put(message.subarray(5), at);
    }
    const place = { elements: 2, at: 0, count: 2 };
    expect(inference.inputs('float32', place)).toEqual(Float32Array.of(1, 2, 3, 4));
    expect(inference.inputs('float32', { ...place, at: 1, count: 1 })).toEqual(Float32Array.of(3, 4));
    serving.put(Uint8Array.of(7, 8, 9), 1);
    expect(inference.inputs('uint8', { elements: 3, at: 1, count: 1 })).toEqual(Uint8Array.of(7, 8, 9));
  });

  it('tells what is to be done, and nothing of the batch before', () => {
    const { serving, inference } = sides(8);
    serving.stage({ model: 3, size: 2, holdMs: 1.5 });
    expect(inference.batch).toEqual({ model: 3, size: 2, holdMs: 1.5 });
    serving.stage({ model: 0, size: 1 });
    expect(inference.batch).toEqual({ model: 0, size: 1, holdMs: undefined });
  });

  it('belongs to whoever is first to take what is staged', () => {
    const { serving, inference } = sides(8);
    expect(inference.claim()).toBe(false);
    serving.stage({ model: 0, size: 1 });
    expect(inference.claim()).toBe(true);
    expect(serving.withdraw()).toBe(false);
    expect(serving.free()).toBe(true);
    serving.stage({ model: 0, size: 1 });
    expect(serving.withdraw()).toBe(true);
    expect(inference.claim()).toBe(false);
    expect(serving.free()).toBe(false);
  });

  it('brings the output of each inference back, in memory of its own', () => {
    const { serving, inference } = sides(16);
    serving.stage({ model: 0, size: 2 });
    expect(inference.answer(Float32Array.of(1, 2, 3, 4), 0.25)).toBe(true);
    const { outputs, computeMs } = serving.results();
    serving.put(float32(0, 0, 0, 0), 0);
    expect(outputs).toEqual([Float32Array.of(1, 2), Float32Array.of(3, 4)]);
    expect(computeMs).toBe(0.25);
  });

  it('takes no output that is larger than itself, and stays as it was', () => {
    const { serving, inference } = sides(8);
    serving.put(float32(5, 6), 0);
    expect(inference.answer(Float32Array.of(1, 2, 3), 1)).toBe(false);
    expect(inference.inputs('float32', { elements: 2, at: 0, count: 1 })).toEqual(Float32Array.of(5, 6));
  });
});
