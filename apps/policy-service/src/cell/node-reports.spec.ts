import type { NodeReport } from '@weir/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { edge, nodeReport } from '../sessions/agent.fixture.ts';
import { NodeReports, type SharedName, statePauseMs } from './node-reports.ts';

function nodeReports() {
  const told: SharedName[] = [];
  const nodes = new NodeReports((shared) => told.push(shared));
  const get = () => nodes.get('edge-1')!;
  return { nodes, told, get };
}

const target = (
  report: Partial<Omit<NodeReport, 'load'>> & { readonly load?: Partial<NodeReport['load']> } = {},
) => {
  const honest = nodeReport('edge-1', 'edge');
  return edge({ report: { ...honest, ...report, load: { ...honest.load, ...report.load } } });
};

describe('NodeReports', () => {
  it('let no single device make a node look busy or slow, idle or fast', () => {
    const figures = ['queued', 'backlogMs', 'meanBacklogMs', 'congestionPerMs', 'utilization'] as const;
    const order = fc.shuffledSubarray(['a', 'b', 'liar'], { minLength: 3 });
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), order, (invented, reporters) => {
        const { nodes, get } = nodeReports();
        const load = (value: number) => Object.fromEntries(figures.map((name) => [name, value]));
        for (const reporter of reporters)
          nodes.take(
            reporter,
            reporter === 'liar'
              ? target({ load: load(invented), services: new Map([['large', invented + 1e-3]]) })
              : target({ load: load(reporter === 'a' ? 0.25 : 0.5) }),
            0,
          );
        for (const name of figures) {
          expect(get().load[name]).toBeGreaterThanOrEqual(0.25);
          expect(get().load[name]).toBeLessThanOrEqual(0.5);
        }
        expect(get().services.get('large')).toBe(50);
        expect(get().services.get('small')).toBe(5);
      }),
    );
  });

  it('decide slots, tier and variants by majority', () => {
    const { nodes, get } = nodeReports();
    const { node } = nodeReport('edge-1', 'edge');
    const lie = { ...node, slots: 64, tier: 'cloud' as const, variants: ['invented'] };
    nodes.take('liar', target({ node: lie, services: new Map([['invented', 1]]) }), 0);
    for (const honest of ['a', 'b']) nodes.take(honest, target(), 0);
    expect(get().node).toEqual({ id: 'edge-1', tier: 'edge', slots: 2, variants: ['large', 'small'] });
    expect([...get().services.keys()]).toEqual(['large', 'small']);
  });

  it('tell a service time as the whole of what is agreed on does', () => {
    const reporter = fc.constantFrom(...'abcd');
    const services = fc.dictionary(
      fc.constantFrom('small', 'large', 'other'),
      fc.integer({ min: 1, max: 9 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(reporter, services, fc.boolean())), (told) => {
        const { nodes } = nodeReports();
        const variants = ['small', 'large', 'other'];
        for (const [from, claimed, reachable] of told) {
          const report = nodeReport('edge-1', 'edge', { services: claimed });
          nodes.take(from, edge({ report, reachable }), 0);
          const alone = variants.map((variant) => nodes.serviceMs('edge-1', variant));
          expect(variants.map((variant) => nodes.serviceMs('edge-1', variant))).toEqual(alone);
          expect(alone).toEqual(variants.map((variant) => nodes.get('edge-1')?.services.get(variant)));
        }
      }),
    );
  });

  it('believe a service time that two of three devices report from then on', () => {
    const { nodes, get } = nodeReports();
    for (const reporter of ['a', 'b', 'c']) nodes.take(reporter, target(), 0);
    const slower = target({ services: new Map([['large', 75]]) });
    nodes.take('a', slower, 1_000);
    expect(get().services.get('large')).toBe(50);
    nodes.take('b', slower, 1_000);
    expect(get().services.get('large')).toBe(75);
  });

  it('count the newest report of each device, and none that is older than 12 s', () => {
    const { nodes, get } = nodeReports();
    for (let repeated = 0; repeated < 10; repeated++)
      nodes.take('liar', target({ load: { backlogMs: 9_000 } }), 0);
    for (const honest of ['a', 'b']) nodes.take(honest, target({ load: { backlogMs: 10 } }), 0);
    expect(get().load.backlogMs).toBe(10);
    nodes.take('c', target({ load: { backlogMs: 300 } }), 12_001);
    expect(get().load.backlogMs).toBe(300);
  });

  it('hold on to what a device said that has told nothing new for two pauses', () => {
    const { nodes, get } = nodeReports();
    for (const reporter of ['a', 'b']) nodes.take(reporter, target({ load: { backlogMs: 10 } }), 0);
    nodes.take('c', target({ load: { backlogMs: 300 } }), 2 * statePauseMs);
    expect(get().load.backlogMs).toBe(10);
  });

  it('keep what was agreed when the last device that reached the node has gone', () => {
    const { nodes, get } = nodeReports();
    nodes.take('a', target({ load: { backlogMs: 40 } }), 0);
    nodes.forget('a');
    nodes.take('b', { ...target({ load: { backlogMs: 900 } }), reachable: false }, 60_000);
    expect(get().load.backlogMs).toBe(40);
  });

  it('say when the wait that the cell agrees on has jumped', () => {
    const { nodes } = nodeReports();
    for (const reporter of ['a', 'b', 'c']) nodes.take(reporter, target(), 0);
    const busy = target({ load: { backlogMs: 345 } });
    expect(nodes.take('a', busy, 0).jumped).toBe(false);
    expect(nodes.take('b', busy, 0).jumped).toBe(true);
  });

  it('hear no more than the newest fifteen devices of one node', () => {
    const { nodes, get } = nodeReports();
    for (let i = 0; i < 8; i++) nodes.take(`old ${i}`, target({ load: { backlogMs: 10 } }), i);
    for (let i = 0; i < 15; i++) nodes.take(`new ${i}`, target({ load: { backlogMs: 70 + i } }), 100 + i);
    expect(get().load.backlogMs).toBe(77);
  });

  it('tell once that two workers answer to one name, but not of one that has restarted', () => {
    const { nodes, told } = nodeReports();
    const report = (reporter: string, instanceId: string, at: number) =>
      nodes.take(reporter, target({ instanceId }), at);
    for (let at = 0; at < 60_000; at += 1_000) {
      report('a', at < 30_000 ? 'run 1' : 'run 2', at);
      report('b', at < 32_000 ? 'run 1' : 'run 2', at + 500);
    }
    expect(told).toEqual([]);
    for (let at = 60_000; at < 90_000; at += 1_000) {
      report('a', 'run 2', at);
      report('c', 'another', at + 500);
    }
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ nodeId: 'edge-1' });
    expect(told[0]!.devices).toContain('c');
  });
});
