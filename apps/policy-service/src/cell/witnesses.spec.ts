import { describe, expect, it } from 'vitest';
import { outcome } from '../sessions/agent.fixture.ts';
import { Witnesses } from './witnesses.ts';

const took = (deviceId: string, computeMs: number, uplinkMs = 5) =>
  outcome(deviceId, {
    hops: { agentMs: 1, uplinkMs, queueMs: 0, decodeMs: 2, computeMs, downlinkMs: 4 },
  });

function setUp() {
  const witnesses = new Witnesses();
  const hear = (deviceId: string, computeMs: number, now = 0) =>
    witnesses.hear(took(deviceId, computeMs), { serviceMs: undefined, now }).hops;
  return { witnesses, hear };
}

describe('witnesses', () => {
  it('take what one says, far from all others, for its own way there', () => {
    const { hear } = setUp();
    for (const deviceId of ['a', 'b', 'c']) hear(deviceId, 50);
    expect(hear('liar', 86_400_000)).toMatchObject({ computeMs: 50, uplinkMs: 86_399_955 });
    expect(hear('liar', 0.001)).toMatchObject({ computeMs: 50, uplinkMs: 0 });
    expect(hear('a', 120)).toMatchObject({ computeMs: 120, uplinkMs: 5 });
  });

  it('speak of all variants of a node whose benchmark is known', () => {
    const witnesses = new Witnesses();
    for (const deviceId of ['a', 'b'])
      witnesses.hear(
        { ...took(deviceId, 6), placement: { tier: 'edge', nodeId: 'edge-1', variant: 'small' } },
        { serviceMs: 5, now: 0 },
      );
    expect(witnesses.hear(took('liar', 5_000), { serviceMs: 50, now: 0 }).hops.computeMs).toBeCloseTo(60);
  });

  it('are not moved by how often it is said', () => {
    const { hear } = setUp();
    for (const deviceId of ['a', 'b']) hear(deviceId, 50);
    for (let time = 0; time < 1_000; time++) expect(hear('liar', 5_000).computeMs).toBe(50);
    expect(hear('a', 50).computeMs).toBe(50);
  });

  it('believe a change that a second one tells', () => {
    const { hear } = setUp();
    for (const deviceId of ['a', 'b', 'c']) for (let time = 0; time < 5; time++) hear(deviceId, 50);
    for (let time = 0; time < 3; time++) hear('a', 500);
    expect(hear('b', 500).computeMs).toBe(500);
    for (let time = 0; time < 3; time++) hear('b', 500);
    expect(hear('a', 500).computeMs).toBe(500);
  });

  it('believe one whose others have not been there for long, or that has only one beside it', () => {
    const { hear } = setUp();
    hear('a', 50);
    expect(hear('b', 500).computeMs).toBe(500);
    hear('c', 50);
    expect(hear('a', 5_000, 20_001).computeMs).toBe(5_000);
  });

  it('are sixty-four at most, those heard last', () => {
    const { hear } = setUp();
    hear('a', 50, 0);
    hear('b', 50, 1);
    for (let device = 0; device < 62; device++) hear(`slow-${device}`, 500, 2);
    hear('a', 50, 3);
    // Takes the place of b, and the next one that of a slow one.
    for (const deviceId of ['c', 'd']) hear(deviceId, 500, 4);
    expect(hear('like-a', 50, 5).computeMs).toBe(50);
    for (let device = 0; device < 62; device++) hear(`slower-${device}`, 500, 6);
    expect(hear('like-a-and-b', 50, 7).computeMs).toBe(50);
    for (let device = 0; device < 64; device++) hear(`slowest-${device}`, 500, 8);
    expect(hear('alone', 50, 9).computeMs).toBe(500);
  });

  it('leave the own processor of a device, and failures, alone', () => {
    const { witnesses, hear } = setUp();
    for (const deviceId of ['a', 'b']) hear(deviceId, 50);
    const placement = { tier: 'device', nodeId: 'c', variant: 'large' } as const;
    for (const told of [
      { ...took('c', 5_000), placement },
      { ...took('c', 5_000), failure: 'UNAVAILABLE' },
    ])
      expect(witnesses.hear(told, { serviceMs: 50, now: 0 })).toBe(told);
  });
});
