import type { AgentClient } from '@weir/cell';
import { common } from '@weir/proto';
import { expect, vi } from 'vitest';

/** Resolves when a directive that plans the edge is in force, and the edge can be reached; before, nothing may go there. */
export const plannedAtTheEdge = (device: AgentClient) =>
  vi.waitFor(
    async () => {
      const { planned, targets } = await device.status();
      expect(planned?.tier).toBe(common.Tier.EDGE);
      expect(targets.find(({ tier }) => tier === common.Tier.EDGE)?.reachable).toBe(true);
    },
    { timeout: 20_000, interval: 100 },
  );
