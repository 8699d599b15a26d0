import { NotFound } from '@weir/base';
import type { RunningCell } from './cell.ts';
import type { EmulationChange, EmulationState, LinkCondition } from './console-messages.ts';

/** Changes the emulated part of a cell while it runs. */
export interface Emulation {
  state(): EmulationState;
  /** Throws NotFound for a link or a device that the cell does not have. */
  change(change: EmulationChange): Promise<void>;
}

export function emulationOf(cell: Pick<RunningCell, 'description' | 'links' | 'slowDown'>): Emulation {
  const { devices, nodes, links: profiles } = cell.description;
  const conditions = new Map<string, LinkCondition>();
  const slowdowns = new Map<string, number>();
  const key = (deviceId: string, nodeId: string) => `${deviceId} ${nodeId}`;

  async function setLink(deviceId: string, nodeId: string, condition: LinkCondition): Promise<void> {
    const link = cell.links.find((known) => known.deviceId === deviceId && known.nodeId === nodeId);
    const device = devices.find(({ id }) => id === deviceId);
    const node = nodes.find(({ id }) => id === nodeId);
    if (!link || !device || !node) throw new NotFound(`no link leads from ${deviceId} to ${nodeId}`);
    if (condition === 'cut') await link.cut();
    else {
      const profile = profiles[condition === 'weak' ? 'weak' : device.links][node.tier];
      await link.set({ up: profile, down: profile });
      if (conditions.get(key(deviceId, nodeId)) === 'cut') await link.restore();
    }
    conditions.set(key(deviceId, nodeId), condition);
  }

  return {
    state: () => ({
      links: cell.links.map(({ deviceId, nodeId }) => ({
        deviceId,
        nodeId,
        condition: conditions.get(key(deviceId, nodeId)) ?? 'normal',
      })),
      devices: devices.map(({ id, dilationFactor }) => ({
        id,
        ...(dilationFactor > 0 ? { slowdown: slowdowns.get(id) ?? 1 } : {}),
      })),
    }),
    async change(change) {
      if (change.kind === 'link') return setLink(change.deviceId, change.nodeId, change.condition);
      cell.slowDown(change.deviceId, change.slowdown);
      slowdowns.set(change.deviceId, change.slowdown);
    },
  };
}
