import { common } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import {
  advertisedAddressFault,
  discoveredTargetsFromWire,
  discoveredTargetsToWire,
} from './discovered-targets.ts';
import { limits } from './limits.ts';

const edge = { nodeId: 'edge-1', tier: common.Tier.EDGE, address: 'edge-1:7200' };

describe('an address that others reach a worker at', () => {
  it.each(['edge-1:7200', '10.0.0.7:1', '[fe80::1]:65535', 'edge-1.weir.example:7200'])(
    'may be %s',
    (address) => expect(advertisedAddressFault(address)).toBeUndefined(),
  );

  it.each([
    ['0.0.0.0:7200', 'stands for every address'],
    ['[::]:7200', 'stands for every address'],
    ['edge-1:0', 'a port of 1..65535'],
    ['edge-1', 'expected HOST:PORT'],
    ['', 'expected HOST:PORT'],
    ['two words:7200', 'expected HOST:PORT'],
    ['http://edge-1:7200', 'expected HOST:PORT'],
    [`${'e'.repeat(300)}:7200`, 'at most 300 characters'],
  ])('is not %s', (address, fault) => expect(advertisedAddressFault(address)).toContain(fault));
});

describe('a list of discovered targets', () => {
  it('comes as it was sent', () => {
    const targets = [
      { nodeId: 'edge-1', tier: 'edge', address: 'edge-1:7200' },
      { nodeId: 'cloud-1', tier: 'cloud', address: '[::1]:7200' },
    ] as const;
    expect(discoveredTargetsFromWire(discoveredTargetsToWire(targets))).toEqual({
      value: targets,
      leftOut: [],
    });
  });

  it.each([
    ['without a name', { nodeId: '' }, 'targets[0].node_id'],
    ['with a name that no flag takes', { nodeId: 'edge 1\n' }, 'targets[0].node_id'],
    ['with a long name', { nodeId: 'e'.repeat(129) }, 'targets[0].node_id'],
    ['that is a device', { tier: common.Tier.DEVICE }, 'targets[0].tier'],
    ['of no tier', { tier: common.Tier.UNSPECIFIED }, 'targets[0].tier'],
    ['of an unknown tier', { tier: 9 as common.Tier }, 'targets[0].tier'],
    ['without an address', { address: '' }, 'targets[0].address'],
    ['at no address', { address: '0.0.0.0:7200' }, 'targets[0].address'],
  ])('is without an entry %s, and the others count', (_what, fault, field) => {
    const other = { ...edge, nodeId: 'edge-2' };
    const { value, leftOut } = discoveredTargetsFromWire({ targets: [{ ...edge, ...fault }, other] });
    expect(value.map(({ nodeId }) => nodeId)).toEqual(['edge-2']);
    expect(leftOut.map((each) => each.field)).toContain(field);
  });

  it('has each name once, and no more than an agent takes', () => {
    const moved = { ...edge, address: 'elsewhere:1' };
    expect(discoveredTargetsFromWire({ targets: [edge, moved] })).toMatchObject({
      value: [{ address: 'edge-1:7200' }],
      leftOut: [{ description: 'edge-1 appears twice' }],
    });
    const many = Array.from({ length: 10_000 }, (_, n) => ({ ...edge, nodeId: `edge-${n}` }));
    expect(discoveredTargetsFromWire({ targets: many }).value).toHaveLength(limits.targets);
  });
});
