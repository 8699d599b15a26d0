import { NotFound } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { describeCell } from './description.ts';
import { emulationOf } from './emulation.ts';
import type { CellLink } from './links.ts';

function cell() {
  const done: unknown[] = [];
  const link: CellLink = {
    deviceId: 'd-1',
    nodeId: 'edge',
    address: '127.0.0.1:1',
    set: async (change) => void done.push(['set', change.up]),
    cut: async () => void done.push('cut'),
    restore: async () => void done.push('restore'),
    stats: () => Promise.reject(new Error('not asked for')),
  };
  const description = describeCell({
    nodes: [{ id: 'edge', tier: 'edge', slots: 1, dilationFactor: 1 }],
    devices: [
      { id: 'd-1', dilationFactor: 2 },
      { id: 'd-2', dilationFactor: 0 },
    ],
  });
  const emulation = emulationOf({
    description,
    links: [link],
    slowDown: (...args) => void done.push(['slow', ...args]),
  });
  return { emulation, done, profiles: description.links };
}
const change = { kind: 'link', deviceId: 'd-1', nodeId: 'edge' } as const;

describe('the emulated part of a cell', () => {
  it('begins as the cell is described, and names the devices whose processor is emulated', () => {
    expect(cell().emulation.state()).toEqual({
      links: [{ deviceId: 'd-1', nodeId: 'edge', condition: 'normal' }],
      devices: [{ id: 'd-1', slowdown: 1 }, { id: 'd-2' }],
    });
  });

  it('cuts a link, and restores it when anything else is asked for', async () => {
    const { emulation, done, profiles } = cell();
    await emulation.change({ ...change, condition: 'cut' });
    expect(emulation.state().links[0]!.condition).toBe('cut');
    await emulation.change({ ...change, condition: 'weak' });
    await emulation.change({ ...change, condition: 'normal' });
    expect(done).toEqual(['cut', ['set', profiles.weak.edge], 'restore', ['set', profiles.regular.edge]]);
  });

  it('slows a device down, and reports the factor', async () => {
    const { emulation, done } = cell();
    await emulation.change({ kind: 'speed', deviceId: 'd-1', slowdown: 4 });
    expect(done).toEqual([['slow', 'd-1', 4]]);
    expect(emulation.state().devices[0]).toEqual({ id: 'd-1', slowdown: 4 });
  });

  it('refuses a link that is not there', async () => {
    const { emulation } = cell();
    await expect(emulation.change({ ...change, nodeId: 'cloud', condition: 'cut' })).rejects.toBeInstanceOf(
      NotFound,
    );
  });
});
