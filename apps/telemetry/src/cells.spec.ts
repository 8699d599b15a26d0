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

const caller = { id: 'a', connection: '10.0.0.1:1' };

describe('cells', () => {
  const opened: Disposable[] = [];
  const open = (limits = {}) => {
    const clock = new FakeClock();
    const cells = new Cells<Report>({
      clock,
      limits: { maxCells: 2, cellsPerCaller: 2, maxNodesPerCell: 2, maxWatches: 2, ...limits },
    });
    opened.push(cells);
    return { clock, cells, nodes: () => brief(cells.nodes('cell-1')) };
  };
  afterEach(() => opened.splice(0).forEach((cells) => cells[Symbol.dispose]()));

  it('hold the newest report of each node, the newest first', () => {
    const { clock, cells, nodes } = open();
    const [a, b] = [cells.openReporter(caller), cells.openReporter(caller)];
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
    const a = cells.openReporter(caller);
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
    cells.openReporter(caller).take(report('a'));
    clock.advance(15_000);
    expect(nodes()).toEqual(['a=0 stale']);
    clock.advance(500);
    expect(nodes()).toEqual([]);
    expect(() => cells.openReporter(caller).take(report('x', 0, 'cell-2'))).not.toThrow();
  });

  it('forget a node when its stream ends', () => {
    const { cells, nodes } = open();
    const a = cells.openReporter(caller);
    a.take(report('a'));
    a[Symbol.dispose]();
    expect(nodes()).toEqual([]);
  });

  it('keep a node that reports on a newer stream when the older one ends', () => {
    const { cells, nodes } = open();
    const [older, newer] = [cells.openReporter(caller), cells.openReporter(caller)];
    older.take(report('a', 1));
    newer.take(report('a', 2));
    older[Symbol.dispose]();
    expect(nodes()).toEqual(['a=2 live']);
    newer[Symbol.dispose]();
    expect(nodes()).toEqual([]);
  });

  it('refuse more cells of one caller than it may have, until one of them is gone', () => {
    const { cells, clock } = open({ maxCells: 9 });
    const take = (cellId: string, by = caller) => cells.openReporter(by).take(report('x', 0, cellId));
    take('cell-1');
    take('cell-2');
    expect(() => take('cell-3')).toThrow(/^a has 2 cells, .*--cells-per-caller/);
    expect(() => take('cell-3', { id: 'b', connection: '10.0.0.2:1' })).not.toThrow();
    expect(() => take('cell-3')).not.toThrow();
    clock.advance(20_000);
    expect(() => take('cell-4')).not.toThrow();
  });

  it('refuse more nodes, cells and watches than allowed, and go on with those there are', () => {
    const { cells, nodes } = open();
    const a = cells.openReporter(caller);
    a.take(report('a'));
    cells.openReporter(caller).take(report('b'));
    expect(() => cells.openReporter(caller).take(report('c'))).toThrow(ResourceExhausted);
    cells.openReporter(caller).take(report('x', 0, 'cell-2'));
    expect(() => cells.openReporter(caller).take(report('x', 0, 'cell-3'))).toThrow(ResourceExhausted);
    a.take(report('a', 1));
    expect(nodes()).toHaveLength(2);

    const watch = cells.watch('cell-1', caller);
    cells.watch('cell-9', caller);
    expect(() => cells.watch('cell-1', caller)).toThrow(ResourceExhausted);
    watch[Symbol.dispose]();
    watch[Symbol.dispose]();
    cells.watch('cell-1', caller);
    expect(() => cells.watch('cell-1', caller)).toThrow(ResourceExhausted);
  });

  it('tell a watcher the whole state, then each change of its cell, and once that a node is gone', () => {
    const { clock, cells } = open();
    const [a, b] = [cells.openReporter(caller), cells.openReporter(caller)];
    a.take(report('a', 1));
    clock.advance(1);
    b.take(report('b', 1));
    const watch = cells.watch('cell-1', caller);
    const told = () => brief(watch.take());
    expect(told()).toEqual(['b=1 live', 'a=1 live']);
    cells.openReporter(caller).take(report('x', 0, 'cell-2'));
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
