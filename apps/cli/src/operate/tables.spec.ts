import { policy } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { statusDocument } from './documents.ts';
import { statusLines } from './tables.ts';

describe('the lines of a status', () => {
  it('say what a learner began with, where it began with anything', () => {
    const linesOf = (priorCells: bigint) =>
      statusLines(statusDocument('c', policy.WatchLearnerResponse.fromPartial({ priorCells }))).join('\n');
    expect(linesOf(12n)).toMatch(/^began {6}with what 12 other cells had learned$/m);
    expect(linesOf(1n)).toMatch(/^began {6}with what 1 other cell had learned$/m);
    expect(linesOf(0n)).not.toMatch(/began/);
  });
});
