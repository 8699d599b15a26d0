import { describe, expect, it } from 'vitest';
import { placementKey, placementLooks } from './variants.ts';

describe('placementLooks', () => {
  const device = { tier: 'device', variant: 'mobilenet-v1-0.25-int8' };
  const edge = { tier: 'edge', variant: 'mobilenet-v1-1.00-fp32' };
  const looks = placementLooks([edge, device, edge, { tier: 'device', variant: edge.variant }]);

  it('stacks by tier and variant, each once', () => {
    expect([...looks.values()].map(({ name }) => name)).toEqual([
      'device 0.25 int8',
      'device 1.00 fp32',
      'edge 1.00 fp32',
    ]);
  });

  it('stripes INT8 and lightens narrow variants', () => {
    expect(looks.get(placementKey(device))).toMatchObject({ look: { strength: 0.35, striped: true } });
    expect(looks.get(placementKey(edge))).toMatchObject({ look: { strength: 1, striped: false } });
  });

  it('leaves the name of a lone variant whole, and bears none', () => {
    expect([...placementLooks([edge]).values()][0]!.short).toBe('mobilenet v1 1.00 fp32');
    expect(placementLooks([]).size).toBe(0);
  });
});
