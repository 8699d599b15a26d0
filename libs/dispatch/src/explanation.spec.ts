import { describe, expect, it } from 'vitest';
import { defaultObjective } from '@weir/domain';
import { directive, dispatcher, edgeBest, looks } from './dispatch.fixture.ts';
import type { Dispatcher } from './dispatcher.ts';

/** What the last dispatch said of each action: `device-1/best` to what forbade it, or to its cost. */
const said = (agent: Dispatcher) =>
  Object.fromEntries(
    agent
      .explain()!
      .actions()
      .map(({ placement: { nodeId, variant }, boundBy, costMs }) => [
        `${nodeId}/${variant}`,
        boundBy ?? costMs,
      ]),
  );

describe('an explanation', () => {
  it('tells what each action would have taken and cost, and the plan', () => {
    const agent = dispatcher();
    agent.applyDirective(directive({ accuracyPriceMs: 0 }), 0);
    const { costMs } = agent.dispatch(1);
    const explanation = agent.explain()!;
    expect(explanation).toMatchObject({ planned: edgeBest.placement, thresholdMs: 20, deadlineMs: 10_000 });
    expect(explanation.actions()).toContainEqual({
      placement: edgeBest.placement,
      predictedMs: 120,
      costMs: expect.any(Number) as number,
      accuracy: 0.9,
      boundBy: undefined,
    });
    expect(costMs).toBe(Math.min(...Object.values(said(agent)).map(Number)));
  });

  it('names what forbade an action: tier, floor, node, deadline', () => {
    const objective = { ...defaultObjective, accuracyFloor: 0.85, allowedTiers: ['device', 'edge'] as const };
    const agent = dispatcher(objective);
    agent.dispatch(1, { deadlineMs: 300 });
    expect(said(agent)).toEqual({
      'device-1/best': 'deadline',
      'device-1/small': 'floor',
      'edge-1/best': expect.any(Number) as number,
      'cloud-1/best': 'tier',
    });
    agent.setReachable('edge-1', false, 2);
    agent.dispatch(3, { deadlineMs: 1_000 });
    expect(said(agent)).toMatchObject({ 'edge-1/best': 'unreachable' });
    agent.setReachable('edge-1', true, 4);
    agent.dispatch(5, { exclude: ['edge-1'] });
    expect(said(agent)).toMatchObject({ 'edge-1/best': 'excluded' });
  });

  it('of an obeyed plan does not name the floor, for which the planner answers', () => {
    const agent = dispatcher({ accuracyFloor: 0.85 });
    agent.applyDirective(
      directive({ thresholdMs: Infinity, objective: { ...defaultObjective, accuracyFloor: 0.85 } }),
      0,
    );
    agent.dispatch(1);
    expect(agent.explain()!.thresholdMs).toBe(Infinity);
    expect(Object.values(said(agent))).not.toContain('floor');
  });

  it('is of the last frame, also where nothing was allowed, and where none would have been in time', () => {
    const agent = dispatcher();
    expect(agent.explain()).toBeUndefined();
    agent.dispatch(1);
    const before = agent.explain()!.actions();
    expect(() => agent.dispatch(2, { variant: 'unheard-of' })).toThrow(/no placement is allowed/);
    expect(new Set(Object.values(said(agent)))).toEqual(new Set(['variant']));
    // What was told before still stands.
    expect(before.every(({ boundBy }) => boundBy === undefined)).toBe(true);
    expect(() => agent.dispatch(3, { deadlineMs: 1 })).toThrow(/no target could answer/);
    expect(new Set(Object.values(said(agent)))).toEqual(new Set(['deadline']));
  });

  it('counts the second look that would have followed', () => {
    const [once, twice] = [dispatcher({ accuracyFloor: 0.8 }), dispatcher({ accuracyFloor: 0.8 }, { looks })];
    for (const agent of [once, twice]) agent.dispatch(1);
    expect(said(once)).toMatchObject({ 'device-1/small': 'floor' });
    expect(said(twice)).toMatchObject({ 'device-1/small': expect.any(Number) as number });
  });
});
