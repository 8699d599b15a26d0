import { silentLogger } from '@weir/base';
import type { Placement, PlannedLook, Variant } from '@weir/domain';
import { describe, expect, it, vi } from 'vitest';
import { tellForeignCurves } from './foreign-curves.ts';

const planned = (curves: string, marginBelow = 0.3): { planned: Placement; secondLook: PlannedLook } => ({
  planned: { tier: 'device', nodeId: 'device-1', variant: 'v' },
  secondLook: { placement: { tier: 'edge', nodeId: 'edge-1', variant: 'w' }, marginBelow, curves },
});

function setUp(version: string | undefined) {
  const warn = vi.fn();
  const steps = [
    { marginBelow: 0.3, share: 0.4, gain: 0.05, standardError: 0 },
    { marginBelow: 0.5, share: 0.6, gain: 0.06, standardError: 0 },
    { marginBelow: 0.7, share: 0.8, gain: 0.065, standardError: 0 },
  ];
  const curves = [{ first: 'v', second: 'w', steps }];
  const variants = Object.entries({ v: 0.8, w: 0.9 }).map(([name, accuracy]): Variant => ({
    name,
    accuracy,
    macs: 1,
    precision: 'fp32',
  }));
  const own = version === undefined ? undefined : { version, pictures: 1_000, curves };
  return { warn, tell: tellForeignCurves(() => ({ looks: own, variants }), { ...silentLogger, warn }) };
}

describe('tellForeignCurves', () => {
  it('says nothing of second looks by its own curves, nor where none are planned', () => {
    const { warn, tell } = setUp('a');
    tell(planned('a'));
    tell({ planned: planned('a').planned });
    expect(warn).not.toHaveBeenCalled();
  });

  it('names each other version once', () => {
    const { warn, tell } = setUp('a');
    for (const curves of ['b', 'b', 'c', 'b']) tell(planned(curves));
    expect(warn.mock.calls.map(([facts]) => facts as unknown)).toEqual([
      { planned: 'b', own: 'a' },
      { planned: 'c', own: 'a' },
    ]);
  });

  it('tells of all of them where the device has none', () => {
    const { warn, tell } = setUp(undefined);
    tell(planned('b'));
    expect(warn).toHaveBeenCalledWith({ planned: 'b', own: 'none' }, expect.any(String));
  });

  it('names each step once that its own curves lack', () => {
    const { warn, tell } = setUp('a');
    for (const marginBelow of [0.3, 0.31, 0.5, 0.31]) tell(planned('a', marginBelow));
    tell({ ...planned('a'), planned: { tier: 'device', nodeId: 'device-1', variant: 'u' } });
    expect(warn.mock.calls.map(([facts]) => facts as unknown)).toEqual([
      { first: 'v', second: 'w', marginBelow: 0.31 },
      { first: 'u', second: 'w', marginBelow: 0.3 },
    ]);
  });

  it('tells of a step that the correction of the directive leaves out', () => {
    const { warn, tell } = setUp('a');
    const correction = { shortfall: 0, firsts: [{ variant: 'v', loss: 1, share: 2 }] };
    tell({ ...planned('a', 0.5), correction });
    expect(warn).not.toHaveBeenCalled();
    tell({ ...planned('a', 0.7), correction });
    expect(warn).toHaveBeenCalledOnce();
  });

  it('keeps no more than a hundred', () => {
    const { warn, tell } = setUp('own');
    for (let version = 0; version < 200; version++) tell(planned(`v${version}`));
    expect(warn).toHaveBeenCalledTimes(100);
  });
});
