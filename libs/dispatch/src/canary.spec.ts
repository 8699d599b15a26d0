import type { Canary, Directive, Variant } from '@weir/domain';
import { describe, expect, it, vi } from 'vitest';
import type { DispatchOptions } from './dispatcher.ts';
import {
  action,
  actions,
  best,
  directive,
  dispatcher,
  edgeBest,
  localSmall,
  looks,
  small,
} from './dispatch.fixture.ts';

const newer: Variant = { name: 'newer', macs: 500e6, precision: 'fp32', accuracy: 0.8 };
const canary: Canary = { variant: 'newer', of: 'best', share: 0.2 };
const edgeNewer = action('edge-1', newer, 90, 20);
const on = (draw: number): DispatchOptions => ({ draw: () => draw });
const [chosen, notChosen] = [on(0.19), on(0.2)];

function setUp(
  { floor = 0, canaries = [canary] }: { floor?: number; canaries?: Canary[] } = {},
  more: Partial<Directive> = {},
) {
  const agent = dispatcher({ accuracyFloor: floor }, { looks });
  agent.setFamily({ variants: [best, small, newer], looks, canaries });
  agent.setFallbackActions([...actions, edgeNewer]);
  const objective = { ...directive().objective, accuracyFloor: floor };
  agent.applyDirective(directive({ objective, thresholdMs: 1_000, ...more }), 0);
  return agent;
}

describe('a canary', () => {
  it.each([
    ['planned', {}],
    ['obeyed', { thresholdMs: Infinity }],
  ])('runs its share at the node that was %s, and says whose trial a frame is part of', (_what, more) => {
    const agent = setUp({}, more);
    expect(agent.dispatch(1, chosen)).toMatchObject({
      placement: edgeNewer.placement,
      trial: 'newer',
      accuracy: 0.8,
    });
    expect(agent.dispatch(2, notChosen)).toMatchObject({ placement: edgeBest.placement, trial: 'newer' });
  });

  it('is asked for the place of a frame only where it may run', () => {
    const agent = setUp();
    const draw = vi.fn(() => 0);
    agent.dispatch(1, { draw, exclude: ['edge-1', 'cloud-1'] });
    agent.dispatch(2, { draw, variant: 'small' });
    agent.dispatch(3, { draw, leastAccuracy: 0.85 });
    agent.setForeign('edge-1', new Set(['newer']));
    agent.dispatch(4, { draw });
    expect(draw).not.toHaveBeenCalled();
    agent.setForeign('edge-1', new Set());
    agent.dispatch(5, { draw });
    expect(draw).toHaveBeenCalledExactlyOnceWith('newer');
    expect(agent.dispatch(6).trial).toBeUndefined();
  });

  it('takes no frame that it alone would be late for', () => {
    const agent = setUp();
    agent.setFallbackActions([...actions, action('edge-1', newer, 300, 20)]);
    const { placement, trial } = agent.dispatch(1, { ...chosen, deadlineMs: 200 });
    expect([placement, trial]).toEqual([edgeBest.placement, undefined]);
  });

  it('is never chosen otherwise, whatever the directive says', () => {
    const quick = action('edge-1', newer, 1, 1);
    const agent = setUp({}, { actions: [...actions, quick], planned: quick.placement });
    agent.setFallbackActions([...actions, quick]);
    for (const now of [1, 2]) expect(agent.dispatch(now, notChosen).placement.variant).not.toBe('newer');
    expect(() => agent.dispatch(3, { variant: 'newer' })).toThrow(/no placement is allowed/);
  });

  it('charges its own accuracy to the balance, and owes what that does not cover', () => {
    const agent = setUp({ floor: 0.85 });
    const answer = (now: number, options: DispatchOptions) =>
      agent.settle(agent.dispatch(now, options), { ok: true }, now);
    for (let now = 1; now <= 3; now++) answer(now, notChosen);
    expect(agent.status(3).balance.balance).toBeCloseTo(0.15);
    answer(4, chosen);
    expect(agent.status(4).balance.balance).toBeCloseTo(0.1);
    for (let now = 5; now <= 7; now++) answer(now, chosen);
    expect(agent.status(7).balance.balance).toBe(0);
    // 4 × 0.05 were spent, 3 × 0.05 earned: the next earns nothing until the rest is paid.
    answer(8, notChosen);
    expect(agent.status(8).balance.balance).toBeCloseTo(0);
    answer(9, notChosen);
    expect(agent.status(9).balance.balance).toBeCloseTo(0.05);
  });

  it('gets no second look', () => {
    const agent = setUp({ canaries: [{ ...canary, of: 'small' }] }, { planned: localSmall.placement });
    const localNewer = action('device-1', newer, 60);
    agent.setFallbackActions([...actions, localNewer]);
    const own = { exclude: ['edge-1', 'cloud-1'] };
    expect(agent.dispatch(1, { ...own, ...chosen })).toMatchObject({
      placement: localNewer.placement,
      lookAgain: undefined,
    });
  });
});

describe('a retired variant', () => {
  it('runs nowhere, though a directive still plans it', () => {
    const agent = setUp({ canaries: [] });
    expect(agent.dispatch(1).placement).toEqual(edgeBest.placement);
    agent.setFamily({ variants: [small, newer], looks: undefined, retired: new Set(['best']) });
    expect(agent.dispatch(2).placement.variant).not.toBe('best');
    agent.setFallbackActions([...actions, edgeNewer]);
    expect(agent.dispatch(3, { variant: 'newer' }).placement).toEqual(edgeNewer.placement);
  });
});

describe('a variant below the floor', () => {
  it('answers where the frame says so, and leaves the balance at 0 without a debt', () => {
    const agent = setUp({ floor: 0.85 });
    expect(() => agent.dispatch(1, { variant: 'small' })).toThrow(/accuracy floor/);
    const { placement, lookAgain } = agent.dispatch(2, { variant: 'small', belowFloor: true });
    expect([placement.variant, lookAgain]).toEqual(['small', undefined]);
    expect(agent.status(3).balance.balance).toBe(0);
  });
});
