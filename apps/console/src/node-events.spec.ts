import { common, telemetry } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { NodeEvents } from './node-events.ts';

type Liveness = 'LIVE' | 'STALE' | 'GONE';

describe('what becomes of a node', () => {
  const open = () => {
    const told: string[] = [];
    const events = new NodeEvents((kind, text) => told.push(`${kind} ${text}`));
    let now = 0;
    return {
      /** What is told of it. */
      hear(
        liveness: Liveness,
        given: Partial<common.NodeLoad> = {},
        { first = false, afterMs = 1_000, nodeId = 'edge-1' } = {},
      ) {
        now += afterMs;
        told.length = 0;
        const load = common.NodeLoad.fromPartial({ instanceId: 'run-1', ...given });
        const report = telemetry.ReportRequest.fromPartial({ nodeId, load });
        events.heard([telemetry.NodeState.fromPartial({ report, liveness: telemetry.Liveness[liveness] })], {
          first,
          now,
        });
        return [...told];
      },
    };
  };

  it('is no news where it was there already, nor as long as it does well', () => {
    const { hear } = open();
    expect(hear('LIVE', {}, { first: true })).toEqual([]);
    expect(hear('LIVE', { queued: 3 })).toEqual([]);
    // The stream was opened again.
    expect(hear('LIVE', {}, { first: true })).toEqual([]);
  });

  it('is told as it joins, falls silent and comes back', () => {
    const { hear } = open();
    expect(hear('LIVE')).toEqual(['good edge-1 has joined']);
    expect(hear('STALE')).toEqual(['bad edge-1 is silent']);
    expect(hear('LIVE')).toEqual(['good edge-1 is back']);
    hear('STALE');
    expect(hear('GONE')).toEqual(['bad edge-1 has been silent for 15 s and counts as gone']);
  });

  it('has drained where its last report comes together with its end', () => {
    const { hear } = open();
    hear('LIVE');
    expect(hear('GONE', { draining: true })).toEqual([
      'info edge-1 is draining: it takes no new work',
      'info edge-1 has drained and left',
    ]);
  });

  it('is told apart: drained, or gone without', () => {
    const { hear } = open();
    hear('LIVE');
    expect(hear('LIVE', { draining: true })).toEqual(['info edge-1 is draining: it takes no new work']);
    expect(hear('GONE', { draining: true })).toEqual(['info edge-1 has drained and left']);
    hear('LIVE', { instanceId: 'run-2' });
    expect(hear('GONE')).toEqual([
      'bad edge-1 has left without draining: it was stopped, or its connection broke',
    ]);
  });

  it('is told as it restarts, away for a while or not', () => {
    const { hear } = open();
    hear('LIVE');
    expect(hear('LIVE', { instanceId: 'run-2' })).toEqual(['good edge-1 has restarted']);
    hear('GONE', { instanceId: 'run-2' });
    expect(hear('LIVE', { instanceId: 'run-3' })).toEqual(['good edge-1 has restarted']);
  });

  it('is told of however many have come and gone before', () => {
    const { hear } = open();
    for (let n = 0; n < 1_000; n++) hear('LIVE', {}, { nodeId: `old-${n}` });
    expect(hear('LIVE', {}, { nodeId: 'new' })).toEqual([]);
    hear('GONE', {}, { nodeId: 'old-500' });
    expect(hear('LIVE', {}, { nodeId: 'new' })).toEqual(['good new has joined']);
  });

  it('is two nodes of one name where a run comes back that another had replaced, told once', () => {
    const { hear } = open();
    hear('LIVE');
    hear('LIVE', { instanceId: 'run-2' });
    expect(hear('LIVE')).toEqual(['bad two report as edge-1 at once: give one of them another id']);
    for (let n = 0; n < 20; n++) {
      expect(hear('LIVE', { instanceId: 'run-2' })).toEqual([]);
      expect(hear('LIVE')).toEqual([]);
    }
    // It was over, and begins again.
    expect(hear('LIVE', { instanceId: 'run-2' }, { afterMs: 60_000 })).toHaveLength(1);
  });
});
