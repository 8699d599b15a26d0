import { silentLogger } from '@weir/base';
import type { PlannedLook } from '@weir/domain';
import { describe, expect, it, vi } from 'vitest';
import { tellForeignCurves } from './foreign-curves.ts';

const planned = (curves: string): { secondLook: PlannedLook } => ({
  secondLook: { placement: { tier: 'edge', nodeId: 'edge-1', variant: 'w' }, marginBelow: 0.3, curves },
});

function setUp(own: string | undefined) {
  const warn = vi.fn();
  return { warn, tell: tellForeignCurves(own, { ...silentLogger, warn }) };
}

describe('tellForeignCurves', () => {
  it('says nothing of second looks by its own curves, nor where none are planned', () => {
    const { warn, tell } = setUp('a');
    tell(planned('a'));
    tell({});
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

  it('keeps no more than a hundred', () => {
    const { warn, tell } = setUp('own');
    for (let version = 0; version < 200; version++) tell(planned(`v${version}`));
    expect(warn).toHaveBeenCalledTimes(100);
  });
});
