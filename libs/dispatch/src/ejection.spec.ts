import { describe, expect, it } from 'vitest';
import { action, best, directive, dispatcher, idle, small } from './dispatch.fixture.ts';
import type { Decision } from './decision.ts';
import type { Settlement } from './dispatcher.ts';
import type { EjectionChange } from './node-outliers.ts';

const edge = [action('edge-1', best, 10, 5), action('edge-1', small, 4, 5)];
const cloud = [action('cloud-1', best, 20, 20)];
const device = [action('device-1', best, 60)];
const failed: Settlement = { ok: false, fault: 'failed' };

/** A device in front of some nodes that are all heard from at every step. */
function setUp(costs = [...edge, ...cloud, ...device], nodes = ['edge-1', 'cloud-1']) {
  const changes: EjectionChange[] = [];
  const agent = dispatcher({}, { onEjection: (change) => changes.push(change) });
  agent.setFallbackActions(costs);
  const hear = (now: number) => {
    for (const nodeId of nodes) agent.reportLoad(idle(nodeId), now);
  };
  const settled = (decision: Decision, settlement: Settlement, now: number) => {
    agent.settle(decision, settlement, now);
    return decision.placement;
  };
  hear(0);
  return {
    agent,
    changes,
    hear,
    settled,
    /** Dispatches and settles one frame; where it went. */
    frame(settlement: Settlement, now = 1, exclude: string[] = []) {
      hear(now);
      return settled(agent.dispatch(now, { exclude }), settlement, now + 1);
    },
    probe(settlement: Settlement, now: number) {
      hear(now);
      const decision = agent.probe(now);
      return decision && settled(decision, settlement, now + 1);
    },
    target: (nodeId: string, now = 2) => agent.status(now).targets.find((each) => each.nodeId === nodeId),
  };
}

describe('ejection', () => {
  it('leaves a variant out that fails three times in a row, and keeps the node’s others', () => {
    const { frame, target, changes } = setUp();
    for (let at = 0; at < 3; at++) expect(frame(failed).variant).toBe('small');
    expect(frame({ ok: true, responseMs: 15 })).toEqual(edge[0]!.placement);
    expect(target('edge-1')).toMatchObject({ usable: true, ejected: 'small: 3 failures in a row' });
    expect(changes).toEqual([
      { nodeId: 'edge-1', variant: 'small', ejected: true, reason: '3 failures in a row', pauseMs: 5_000 },
    ]);
  });

  it('leaves a node out that fails five times in a row, whatever the variants', () => {
    const { frame, target, changes } = setUp();
    for (let at = 0; at < 5; at++) expect(frame(failed).nodeId).toBe('edge-1');
    expect(frame({ ok: true }).nodeId).toBe('cloud-1');
    expect(target('edge-1')).toMatchObject({ usable: false, ejected: '5 failures in a row' });
    expect(changes.at(-1)).toEqual({
      nodeId: 'edge-1',
      ejected: true,
      reason: '5 failures in a row',
      pauseMs: 5_000,
    });
  });

  it('never leaves out more than half of the targets, the device among them', () => {
    const nodes = ['edge-1', 'edge-2', 'edge-3', 'edge-4'];
    for (const [count, most] of [
      [1, 1],
      [2, 1],
      [3, 2],
      [4, 2],
    ] as const) {
      const there = nodes.slice(0, count);
      const { agent, frame } = setUp([...there.map((id) => action(id, best, 10)), ...device], there);
      for (const nodeId of there)
        for (let at = 0; at < 8; at++) frame(failed, 1, [...there.filter((id) => id !== nodeId), 'device-1']);
      expect(
        agent.status(2).targets.filter(({ usable, nodeId }) => there.includes(nodeId) && !usable),
      ).toHaveLength(most);
    }
  });

  it('comes back by a probe and not by a frame', () => {
    const { frame, probe, target, changes } = setUp();
    for (let at = 0; at < 5; at++) frame(failed);
    expect(probe({ ok: true }, 4_000)).toBeUndefined();
    expect(frame({ ok: true }, 30_000).nodeId).toBe('cloud-1');
    expect(probe(failed, 30_000)?.nodeId).toBe('edge-1');
    // Twice the pause.
    expect(probe({ ok: true }, 40_000)).toBeUndefined();
    expect(probe({ ok: true, responseMs: 15 }, 40_002)?.nodeId).toBe('edge-1');
    expect(frame({ ok: true }, 40_010).nodeId).toBe('edge-1');
    expect(target('edge-1', 40_020)?.usable).toBe(true);
    expect(changes.map(({ variant, ejected, pauseMs }) => [variant, ejected, pauseMs])).toEqual([
      ['small', true, 5_000],
      [undefined, true, 5_000],
      [undefined, true, 10_000],
      [undefined, false, 0],
    ]);
  });

  it('probes a node only while its link is up', () => {
    const { agent, frame, probe } = setUp();
    for (let at = 0; at < 5; at++) frame(failed);
    agent.setReachable('edge-1', false, 7_000);
    expect(agent.probe(7_000)).toBeUndefined();
    expect(probe({ ok: true }, 7_100)?.nodeId).toBe('edge-1');
  });

  it('reserves no accuracy for a probe, and keeps it on the tiers that are allowed', () => {
    const { agent, frame, hear } = setUp();
    for (let at = 0; at < 5; at++) frame(failed);
    agent.setOwnObjective({ accuracyFloor: 0.8 });
    hear(6_000);
    const probe = agent.probe(6_000)!;
    agent.settle(probe, { ok: true, responseMs: 15 }, 6_010);
    expect(agent.status(6_010).balance.balance).toBe(0);
    for (let at = 0; at < 5; at++) frame(failed, 6_020);
    agent.setOwnObjective({ allowedTiers: ['device', 'cloud'] });
    hear(30_000);
    expect(agent.probe(30_000)).toBeUndefined();
  });

  it('ignores answers of frames that were sent before', () => {
    const { agent, frame, target } = setUp();
    const early = agent.dispatch(1);
    for (let at = 0; at < 5; at++) frame(failed, 2);
    agent.settle(early, { ok: true, responseMs: 15 }, 4);
    expect(target('edge-1', 5)?.usable).toBe(false);
  });

  it('turns to what is ejected when nothing else is left, and takes it back when that answers', () => {
    const { frame, target } = setUp([...edge, ...device]);
    for (let at = 0; at < 5; at++) frame(failed);
    expect(frame(failed, 10, ['device-1']).nodeId).toBe('edge-1');
    expect(frame({ ok: true, responseMs: 15 }, 20, ['device-1']).nodeId).toBe('edge-1');
    expect(target('edge-1', 21)?.usable).toBe(true);
  });

  it('blames no target for overload, for its link, or for a deadline that left it little time', () => {
    const { agent, frame, target, hear } = setUp();
    for (let at = 0; at < 20; at++) frame({ ok: false });
    for (let at = 0; at < 20; at++) {
      const decision = agent.dispatch(100);
      agent.settle(decision, { ok: false, fault: 'late' }, 100 + 1.5 * decision.predictedMs);
    }
    for (let at = 0; at < 20; at++) {
      hear(200);
      const decision = agent.dispatch(200);
      agent.setReachable('edge-1', false, 201);
      agent.settle(decision, failed, 201);
    }
    hear(202);
    expect(target('edge-1', 203)).toMatchObject({ usable: true, ejected: '' });
  });

  it('blames a target that lets twice the expected time pass', () => {
    const { agent, hear, target } = setUp();
    for (let now = 0; now < 500; now += 100) {
      hear(now);
      const decision = agent.dispatch(now);
      agent.settle(decision, { ok: false, fault: 'late' }, now + 2 * decision.predictedMs);
    }
    expect(target('edge-1', 500)?.usable).toBe(false);
  });

  it('leaves a node out that is far slower than expected, queue and network aside, if another is faster', () => {
    const after = (settlement: Settlement, costs = [edge[0]!, ...cloud, ...device]) => {
      const { frame, agent } = setUp(costs);
      for (let at = 0; at < 5; at++) frame(settlement, 1 + 10 * at, ['cloud-1', 'device-1']);
      return agent.status(60).targets.find(({ nodeId }) => nodeId === 'edge-1')?.ejected;
    };
    expect(after({ ok: true, responseMs: 150, serviceMs: 145 })).toBe(
      '5 answers in a row far slower than expected',
    );
    expect(after({ ok: true, responseMs: 150, serviceMs: 15 })).toBe('');
    expect(after({ ok: true, responseMs: 50, serviceMs: 45 })).toBe('');
    expect(after({ ok: true, responseMs: 100, serviceMs: 95, batchSize: 2 })).toBe('');
    expect(
      after({ ok: true, responseMs: 150, serviceMs: 145 }, [edge[0]!, action('device-1', best, 400)]),
    ).toBe('');
  });

  it('does not measure an obeyed plan by a prediction that it need not have', () => {
    const { agent, target, hear } = setUp();
    agent.applyDirective(
      directive({ thresholdMs: Infinity, planned: edge[0]!.placement, predictedMs: 1, actions: [] }),
      0,
    );
    for (let now = 0; now < 100; now += 10) {
      hear(now);
      agent.settle(agent.dispatch(now), { ok: true, responseMs: 500, serviceMs: 500 }, now + 1);
    }
    expect(target('edge-1', 100)?.ejected).toBe('');
  });
});
