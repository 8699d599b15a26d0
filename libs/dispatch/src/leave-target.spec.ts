import { describe, expect, it } from 'vitest';
import { actions, cloudBest, directive, dispatcher, edgeBest, idle, localBest } from './dispatch.fixture.ts';

const others = actions.filter((each) => each !== edgeBest);
const nodesOf = (agent: ReturnType<typeof dispatcher>, now: number) =>
  agent.status(now).targets.map(({ nodeId }) => nodeId);

describe('a dispatcher whose target leaves', () => {
  it('sends nothing there though the plan says so, and does not show it', () => {
    const agent = dispatcher();
    agent.applyDirective(directive({ thresholdMs: Infinity }), 0);
    expect(agent.dispatch(1).placement).toEqual(edgeBest.placement);
    agent.leaveTarget('edge-1', 2);
    expect(agent.dispatch(3).placement.nodeId).not.toBe('edge-1');
    expect(nodesOf(agent, 3)).toEqual(['cloud-1']);
  });

  it('takes the answers that still come, and uses it again once it is heard of', () => {
    const agent = dispatcher();
    agent.applyDirective(directive({ thresholdMs: Infinity }), 0);
    const decision = agent.dispatch(1);
    agent.leaveTarget('edge-1', 2);
    agent.settle(decision, { ok: true, responseMs: 120 }, 3);
    expect(agent.dispatch(4).placement.nodeId).not.toBe('edge-1');
    agent.reportLoad(idle('edge-1'), 5);
    expect(agent.dispatch(6).placement).toEqual(edgeBest.placement);
    expect(nodesOf(agent, 6)).toEqual(['edge-1', 'cloud-1']);
  });

  it('forgets what it refused there once no action names it', () => {
    const agent = dispatcher();
    agent.applyDirective(directive({ thresholdMs: Infinity }), 0);
    agent.setForeign('edge-1', new Set(['best']));
    agent.leaveTarget('edge-1', 1);
    agent.setFallbackActions(others);
    agent.applyDirective(
      directive({ version: 2, planned: cloudBest.placement, actions: [localBest, cloudBest] }),
      2,
    );
    agent.setReachable('edge-1', true, 3);
    agent.applyDirective(directive({ version: 3, thresholdMs: Infinity }), 4);
    expect(agent.dispatch(5).placement).toEqual(edgeBest.placement);
  });
});
