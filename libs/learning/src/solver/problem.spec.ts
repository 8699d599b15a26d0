import { describe, expect, it } from 'vitest';
import { type NodeTable, type RemoteAccess, remoteCost } from './problem.ts';

describe('remoteCost', () => {
  const node: NodeTable = { capacity: 2, ms: Float64Array.of(0, 50, 120) };
  const access: RemoteAccess = { offset: 30, weight: 2, limitMs: 100, options: [] };
  const option = { variant: 0, surplus: 0, extra: 5 };

  it('is the way there, the weighed time at that count, and what the option costs by itself', () => {
    expect(remoteCost(node, access, option, 1)).toBe(30 + 2 * 50 + 5);
  });

  it('is infinite where the node takes longer than the deadline allows', () => {
    expect(remoteCost(node, access, option, 2)).toBe(Infinity);
    expect(remoteCost(node, { ...access, limitMs: 120 }, option, 2)).toBe(30 + 2 * 120 + 5);
  });
});
