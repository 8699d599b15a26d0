import { FakeClock, type Logger, ResourceExhausted, silentLogger } from '@weir/base';
import { common, type telemetry } from '@weir/proto';
import { afterEach, describe, expect, it } from 'vitest';
import { Cells } from './cells.ts';
import { Directory } from './directory.ts';
import { load, report } from './report.fixture.ts';

interface Given {
  cellId?: string;
  address?: string;
  run?: string;
  draining?: boolean;
  tier?: common.Tier;
}
const of = (
  nodeId: string,
  { cellId = 'hall', address = `${nodeId}:7200`, run = nodeId, draining = false, ...more }: Given = {},
): telemetry.ReportRequest =>
  report({
    cellId,
    nodeId,
    advertisedAddress: address,
    load: load({ nodeId, instanceId: run, draining }),
    ...more,
  });

const caller = { id: 'a', connection: '10.0.0.1:1' };

describe('the directory of workers', () => {
  const opened: Disposable[] = [];
  afterEach(() => opened.splice(0).forEach((each) => each[Symbol.dispose]()));

  function start(maxWatches = 8) {
    const clock = new FakeClock();
    const told: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_, message) => void told.push(message) };
    const directory = new Directory({ logger, maxWatches });
    const cells = new Cells<telemetry.ReportRequest>({
      clock,
      limits: { maxCells: 4, cellsPerCaller: 4, maxNodesPerCell: 512, maxWatches: 4 },
      onState: (state) => directory.heard(state),
    });
    opened.push(cells);
    const reporter = () => cells.openReporter(caller);
    const report = (...reports: telemetry.ReportRequest[]) =>
      reports.map((each) => {
        const from = reporter();
        from.take(each);
        return from;
      });
    const listed = (cellId = 'hall') => directory.targets(cellId).map(({ address }) => address);
    /** How often the watchers of a cell are told. */
    const watched = (cellId = 'hall') => {
      const watch = directory.watch(cellId, caller);
      opened.push(watch);
      watch.take();
      return () => watch.take().length;
    };
    return { clock, directory, told, reporter, report, listed, watched };
  }

  it('lists those that have an address, by name, with their tier', () => {
    const { directory, report } = start();
    report(of('edge-2'), of('cloud-1', { tier: common.Tier.CLOUD }), of('silent', { address: '' }));
    expect(directory.targets('hall')).toEqual([
      { nodeId: 'cloud-1', tier: 'cloud', address: 'cloud-1:7200' },
      { nodeId: 'edge-2', tier: 'edge', address: 'edge-2:7200' },
    ]);
    expect(directory.targets('yard')).toEqual([]);
  });

  it('lists those of all cells for every cell, after its own; its own comes before one of the same name', () => {
    const { report, listed } = start();
    report(
      of('a-cloud', { cellId: 'all' }),
      of('edge-1', { cellId: 'all', address: 'shared:1' }),
      of('edge-1'),
    );
    expect(listed()).toEqual(['edge-1:7200', 'a-cloud:7200']);
    expect(listed('yard')).toEqual(['a-cloud:7200', 'shared:1']);
  });

  it('lets one go that drains, whose stream ends, or that has been silent for more than 15 s', () => {
    const { clock, report, listed } = start();
    const [, second] = report(of('edge-1'), of('edge-2'), of('edge-3'));
    report(of('edge-1', { draining: true }));
    expect(listed()).toEqual(['edge-2:7200', 'edge-3:7200']);
    second![Symbol.dispose]();
    expect(listed()).toEqual(['edge-3:7200']);
    clock.advance(15_000);
    expect(listed()).toEqual(['edge-3:7200']);
    clock.advance(500);
    expect(listed()).toEqual([]);
  });

  it('tells watchers what changes their list, and nothing else', () => {
    const { clock, report, watched } = start();
    const [hall, yard] = [watched(), watched('yard')];
    report(of('edge-1'));
    expect([hall(), yard()]).toEqual([1, 0]);
    report(
      of('edge-1'),
      of('camera-7', { tier: common.Tier.DEVICE, address: '' }),
      of('silent', { address: '' }),
    );
    expect([hall(), yard()]).toEqual([0, 0]);
    clock.advance(4_000);
    report(of('edge-1', { run: 'restarted' }));
    expect([hall(), yard()]).toEqual([0, 0]);
    report(of('cloud-1', { cellId: 'all' }));
    expect([hall(), yard()]).toEqual([1, 1]);
    report(of('edge-1', { address: 'elsewhere:1', run: 'restarted' }));
    expect([hall(), yard()]).toEqual([1, 0]);
    report(of('edge-1', { draining: true, run: 'restarted' }));
    expect([hall(), yard()]).toEqual([1, 0]);
  });

  it('keeps to the first of two workers of one name, tells that once, and takes the other when the first is silent', () => {
    const { clock, told, reporter, listed, watched } = start();
    const [first, second] = [reporter(), reporter()];
    const changes = watched();
    let heard = 0;
    for (let n = 0; n < 5; n++) {
      first.take(of('edge-1', { address: 'one:1', run: 'one' }));
      second.take(of('edge-1', { address: 'two:1', run: 'two' }));
      clock.advance(1_000);
      heard += changes();
    }
    expect(listed()).toEqual(['one:1']);
    expect(heard).toBe(1);
    expect(told).toEqual([
      expect.stringContaining('two workers report as node edge-1: devices use the one at one:1'),
    ]);
    for (let n = 0; n < 4; n++) {
      second.take(of('edge-1', { address: 'two:1', run: 'two' }));
      clock.advance(1_000);
    }
    expect(listed()).toEqual(['two:1']);
  });

  it('lists no more than an agent takes', () => {
    const { report, listed } = start();
    report(...Array.from({ length: 300 }, (_, n) => of(`edge-${n}`)));
    expect(listed()).toHaveLength(256);
  });

  it('is watched by so many at most', () => {
    const { directory, watched } = start(1);
    watched();
    expect(() => directory.watch('hall', caller)).toThrow(ResourceExhausted);
    opened.pop()![Symbol.dispose]();
    expect(() => opened.push(directory.watch('hall', caller))).not.toThrow();
  });
});
