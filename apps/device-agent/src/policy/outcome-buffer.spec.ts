import type { Outcome } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { OutcomeBuffer } from './outcome-buffer.ts';

const sequences = (buffer: OutcomeBuffer, after = 0n) =>
  buffer.after(after, 100).map(({ sequence }) => Number(sequence));

function filled(count: number, limit: number): OutcomeBuffer {
  const buffer = new OutcomeBuffer(limit);
  for (let i = 0; i < count; i++) buffer.add({ at: i } as Outcome, 0.5);
  return buffer;
}

describe('OutcomeBuffer', () => {
  it('numbers outcomes from 1 and keeps them until they are acknowledged', () => {
    const buffer = filled(3, 10);
    expect(sequences(buffer)).toEqual([1, 2, 3]);
    buffer.acknowledge(2n);
    expect(sequences(buffer)).toEqual([3]);
    expect(buffer.dropped).toBe(0);
  });

  it('gives up the oldest when full, and counts', () => {
    const buffer = filled(5, 3);
    expect(sequences(buffer)).toEqual([3, 4, 5]);
    expect(buffer.dropped).toBe(2);
    expect(buffer.oldest).toBe(3n);
  });

  it('hands out what comes after a sequence, in bounded batches', () => {
    expect(sequences(filled(5, 10), 3n)).toEqual([4, 5]);
    expect(filled(5, 10).after(0n, 2)).toHaveLength(2);
  });

  it('takes an acknowledgement of what it no longer or not yet holds', () => {
    const buffer = filled(5, 3);
    buffer.acknowledge(1n);
    expect(buffer.pending).toBe(3);
    buffer.acknowledge(99n);
    expect(buffer.pending).toBe(0);
    expect(buffer.oldest).toBe(6n);
    buffer.add({ at: 9 } as Outcome, 0.5);
    expect(sequences(buffer)).toEqual([6]);
  });
});
