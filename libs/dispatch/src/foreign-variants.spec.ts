import type { Directive } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import {
  action,
  actions,
  directive,
  dispatcher,
  edgeBest,
  idle,
  localSmall,
  small,
} from './dispatch.fixture.ts';

describe('a dispatcher with a node that means another model by a name', () => {
  const edgeSmall = action('edge-1', small, 30, 20);
  const setUp = (more: Partial<Directive> = {}) => {
    const agent = dispatcher();
    agent.applyDirective(directive({ actions: [...actions, edgeSmall], ...more }), 0);
    return agent;
  };

  it.each([
    ['planned', {}],
    ['obeyed', { thresholdMs: Infinity }],
  ])('never sends that variant there, though it is %s', (_what, more) => {
    const agent = setUp({ planned: edgeSmall.placement, ...more });
    expect(agent.dispatch(1).placement).toEqual(edgeSmall.placement);
    agent.setForeign('edge-1', new Set(['small']));
    const { placement, reason } = agent.dispatch(2);
    expect([placement, reason]).toEqual([localSmall.placement, 'fallback']);
    agent.setForeign('edge-1', new Set());
    expect(agent.dispatch(3).placement).toEqual(edgeSmall.placement);
  });

  it('sends other variants there', () => {
    const agent = setUp({ thresholdMs: Infinity });
    agent.setForeign('edge-1', new Set(['small']));
    expect(agent.dispatch(1).placement).toEqual(edgeBest.placement);
  });

  it('names the reason when nothing else is left', () => {
    const agent = setUp();
    agent.setForeign('edge-1', new Set(['small', 'best']));
    expect(() => agent.dispatch(1, { exclude: ['device-1', 'cloud-1'] })).toThrow(
      /serves another model by this name \(edge-1\/best, edge-1\/small\)/,
    );
  });

  it('does not probe it either', () => {
    const agent = setUp({ planned: edgeSmall.placement });
    const fail = (now: number) => {
      agent.reportLoad(idle('edge-1'), now);
      agent.settle(agent.dispatch(now), { ok: false, fault: 'failed' }, now);
    };
    for (let at = 1; at <= 3; at++) fail(at);
    agent.reportLoad(idle('edge-1'), 60_000);
    agent.setForeign('edge-1', new Set(['small', 'best']));
    expect(agent.probe(60_000)).toBeUndefined();
    agent.setForeign('edge-1', new Set());
    expect(agent.probe(60_000)?.placement).toEqual(edgeSmall.placement);
  });
});
