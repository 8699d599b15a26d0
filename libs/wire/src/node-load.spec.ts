import { Violations } from '@weir/base';
import { common } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { nodeReportReader } from './node-load.ts';

const load = (queued: number, ...services: common.VariantService[]) =>
  common.NodeLoad.fromPartial({ nodeId: 'edge-1', tier: common.Tier.EDGE, slots: 1, queued, services });
const service = (variant: string, serviceMs: number) => ({ variant, serviceMs, energyJ: 0.1 });

describe('what a node says of itself again and again', () => {
  it('is as new each time, and its services too once they differ', () => {
    const read = nodeReportReader('load');
    const told = new Violations();
    const services = (...wire: Parameters<typeof load>) => {
      const report = read(load(...wire), told)!;
      return [report.load.queued, [...report.services], report.node.variants];
    };
    expect(services(1, service('small', 5))).toEqual([1, [['small', 5]], ['small']]);
    expect(services(2, service('small', 5))).toEqual([2, [['small', 5]], ['small']]);
    expect(services(2, service('small', 6))).toEqual([2, [['small', 6]], ['small']]);
    expect(services(2, service('large', 6))).toEqual([2, [['large', 6]], ['large']]);
    expect(services(0)).toEqual([0, [], []]);
    expect(services(0, service('small', 5))).toEqual([0, [['small', 5]], ['small']]);
    expect(told.found).toEqual([]);
  });

  it('is none without a slot, though it was one before', () => {
    const read = nodeReportReader('load');
    const told = new Violations();
    expect(read(load(1, service('small', 5)), told)).toBeDefined();
    expect(read({ ...load(1, service('small', 5)), slots: 0 }, told)).toBeUndefined();
    expect(told.found).toMatchObject([{ field: 'load.slots' }]);
  });
});
