import { FakeClock, ResourceExhausted } from '@weir/base';
import { afterEach, describe, expect, it } from 'vitest';
import { Cells, type NodeState } from './cells.ts';

interface Report {
  cellId: string;
  nodeId: string;
  value: number;
}
const report = (nodeId: string, value = 0, cellId = 'cell-1'): Report => ({ cellId, nodeId, value });
const brief = (states: NodeState<Report>[]) =>
  states.map(({ report: { nodeId, value }, liveness }) => `${nodeId}=${value} ${liveness}`);

describe('cells', () => {
  const opened: Disposable[] = [];
  const open = (limits = {}) => {
    const clock = new FakeClock();
    const cells = new Cells<Report>({
      clock,
      limits: { maxCells: 2, maxNodesPerCell: 2, maxWatches: 2, ...limits },
    });
    opened.push(cells);
    return { clock, cells, nodes: () => brief(cells.nodes('cell-1')) };
  };
  afterEach(() => opened.splice(0).forEach((cells) => cells[Symbol.dispose]()));

  it('hold the newest report of each node, the newest first', () => {
    const { clock, cells, nodes } = open();
    const [a, b] = [cells.openReporter(), cells.openReporter()];
    a.take(report('a', 1));
    clock.advance(10);
    b.take(report('b', 1));
    clock.advance(10);
    a.take(report('a', 2));
    expect(nodes()).toEqual(['a=2 live', 'b=1 live']);
    expect(cells.nodes('another')).toEqual([]);
  });

  it('call a node stale that has been silent for more than 3 s, and live again at its next report', () => {
    const { clock, cells, nodes } = open();
    const a = cells.openReporter();
    a.take(report('a'));
    clock.advance(3_000);
    expect(nodes()).toEqual(['a=0 live']);
    clock.advance(500);
    expect(nodes()).toEqual(['a=0 stale']);
    a.take(report('a', 1));
    expect(nodes()).toEqual(['a=1 live']);
  });

  it('forget a node that has been silent for more than 15 s, and its cell with it', () => {
    const { clock, cells, nodes } = open({ maxCells: 1 });
    cells.openReporter().take(report('a'));
    clock.advance(15_000);
    expect(nodes()).toEqual(['a=0 stale']);
    clock.advance(500);
    expect(nodes()).toEqual([]);
    expect(() => cells.openReporter().take(report('x', 0, 'cell-2'))).not.toThrow();
  });

  it('forget a node when its stream ends', () => {
    const { cells, nodes } = open();
    const a = cells.openReporter();
    a.take(report('a'));
    a[Symbol.dispose]();
    expect(nodes()).toEqual([]);
  });

  it('keep a node that reports on a newer stream when the older one ends', () => {
    const { cells, nodes } = open();
    const [older, newer] = [cells.openReporter(), cells.openReporter()];
    older.take(report('a', 1));
    newer.take(report('a', 2));
    older[Symbol.dispose]();
    expect(nodes()).toEqual(['a=2 live']);
    newer[Symbol.dispose]();
    expect(nodes()).toEqual([]);
  });

  it('refuse more nodes, cells and watches than allowed, and go on with those there are', () => {
    const { cells, nodes } = open();
    const a = cells.openReporter();
    a.take(report('a'));
    cells.openReporter().take(report('b'));
    expect(() => cells.openReporter().take(report('c'))).toThrow(ResourceExhausted);
    cells.openReporter().take(report('x', 0, 'cell-2'));
    expect(() => cells.openReporter().take(report('x', 0, 'cell-3'))).toThrow(ResourceExhausted);
    a.take(report('a', 1));
    expect(nodes()).toHaveLength(2);

    const watch = cells.watch('cell-1');
    cells.watch('cell-9');
    expect(() => cells.watch('cell-1')).toThrow(ResourceExhausted);
    watch[Symbol.dispose]();
    watch[Symbol.dispose]();
    cells.watch('cell-1');
    expect(() => cells.watch('cell-1')).toThrow(ResourceExhausted);
  });

  it('tell a watcher the whole state, then each change of its cell, and once that a node is gone', () => {
    const { clock, cells } = open();
    const [a, b] = [cells.openReporter(), cells.openReporter()];
    a.take(report('a', 1));
    clock.advance(1);
    b.take(report('b', 1));
    const watch = cells.watch('cell-1');
    const told = () => brief(watch.take());
    expect(told()).toEqual(['b=1 live', 'a=1 live']);
    cells.openReporter().take(report('x', 0, 'cell-2'));
    expect(told()).toEqual([]);
    clock.advance(4_000);
    expect(told().sort()).toEqual(['a=1 stale', 'b=1 stale']);
    clock.advance(4_000);
    expect(told()).toEqual([]);
    b.take(report('b', 2));
    expect(told()).toEqual(['b=2 live']);
    a[Symbol.dispose]();
    expect(told()).toEqual(['a=1 gone']);
    clock.advance(60_000);
    expect(told()).toEqual(['b=2 gone']);
    clock.advance(60_000);
    expect(told()).toEqual([]);
  });
});
