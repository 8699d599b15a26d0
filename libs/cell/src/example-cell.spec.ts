import { describe, expect, it } from 'vitest';
import { exampleCell } from './example-cell.ts';

describe('exampleCell', () => {
  it('has a slow device, a quicker edge that is shared, and the quickest cloud', () => {
    const { devices, nodes } = exampleCell({ devices: 4, profile: 'weak', accuracyFloor: 0.7 });
    const [edge, cloud] = nodes;
    expect(devices.map(({ id, links }) => `${id} ${links}`)).toEqual([
      'device-1 weak',
      'device-2 weak',
      'device-3 weak',
      'device-4 weak',
    ]);
    expect(devices[0]!.dilationFactor).toBeGreaterThan(edge!.dilationFactor);
    expect(edge!.dilationFactor).toBeGreaterThan(cloud!.dilationFactor);
    expect(edge!.slots).toBeLessThan(devices.length);
  });

  it('allows two looks unless told otherwise', () => {
    expect(exampleCell().objective.maxLooks).toBe(2);
    expect(exampleCell({ maxLooks: 1 }).objective.maxLooks).toBe(1);
    expect(exampleCell().objective.auditShare).toBe(0.01);
    expect(exampleCell({ auditShare: 0.2 }).objective.auditShare).toBe(0.2);
  });

  it('lets its agents answer on given ports', () => {
    const { devices } = exampleCell({ devices: 2, firstPort: 7_000 });
    expect(devices.map(({ listen }) => listen)).toEqual(['127.0.0.1:7000', '127.0.0.1:7001']);
  });
});
