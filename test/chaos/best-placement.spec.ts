import { describeCell } from '@weir/cell';
import { describe, expect, it } from 'vitest';
import { bestPlacement, elsewhere } from './best-placement.ts';
import type { SeenFrame } from './history.ts';

const variants = [
  { name: 'quick', referenceMs: 0.1, accuracy: 0.8 },
  { name: 'good', referenceMs: 1, accuracy: 0.9 },
];
const cell = (dilation: { device: number; edge: number }, delayMs = 10, accuracyFloor = 0.85) => {
  const link = { delayMs, bitsPerSecond: 1e6 };
  return describeCell({
    objective: { accuracyFloor },
    nodes: [{ id: 'edge-1', tier: 'edge', slots: 2, dilationFactor: dilation.edge }],
    devices: [{ id: 'device-1', dilationFactor: dilation.device }],
    links: { regular: { edge: link, cloud: link }, weak: { edge: link, cloud: link } },
  });
};
const best = (...given: Parameters<typeof cell>) =>
  bestPlacement(cell(...given), { variants, frameBytes: 1_000 }).get('device-1');

describe('the best placement', () => {
  it('is where work and way together take the least time', () => {
    // At the edge: 2 × 10 ms of delay, 8 ms for the bytes, 12 ms of work.
    expect(best({ device: 100, edge: 12 })).toBe('edge-1');
    expect(best({ device: 19, edge: 12 })).toBe('device-1');
    expect(best({ device: 100, edge: 12 }, 200)).toBe('device-1');
  });

  it('counts only variants that keep the floor', () => {
    expect(best({ device: 100, edge: 12 }, 10, 0)).toBe('device-1');
  });

  it('is not told where a busy machine could turn it over', () => {
    expect(() => best({ device: 60, edge: 12 })).toThrow('edge-1 and device-1 are too near each other');
  });
});

describe('devices elsewhere', () => {
  const at = (sentAt: number, nodeId: string): SeenFrame => ({
    ...{ deviceId: 'device-1', sentAt, timeoutMs: 1_000, endedAt: sentAt + 10 },
    answer: { nodeId, promised: 0.9, looks: [] },
  });
  const frames = (nodes: readonly string[]) => nodes.map((nodeId, index) => at(index, nodeId));
  const placed = new Map([['device-1', 'edge-1']]);
  const away = (nodes: readonly string[], since = -1) => elsewhere(placed, frames(nodes), since);
  const edge = (count: number) => Array.from({ length: count }, () => 'edge-1');

  it('are none once the newest frames are at their place, but for a few', () => {
    expect(away(edge(20))).toEqual([]);
    expect(away([...edge(17), 'device-1', 'device-1', 'device-1'])).toEqual([]);
    expect(away(['device-1', 'device-1', 'device-1', 'device-1', ...edge(20)])).toEqual([]);
  });

  it('are those with more frames elsewhere, unanswered, or too few to tell', () => {
    expect(away([...edge(16), 'device-1', 'device-1', 'device-1', 'device-1'])).toHaveLength(1);
    expect(away(edge(19))).toHaveLength(1);
    expect(away(edge(39), 19)).toHaveLength(1);
    const { answer: _, ...unanswered } = at(99, 'edge-1');
    const failing = Array.from({ length: 4 }, () => ({ ...unanswered, failure: 'UNAVAILABLE' }));
    expect(elsewhere(placed, [...frames(edge(16)), ...failing], -1)).toHaveLength(1);
  });
});
