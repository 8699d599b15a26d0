import { FailedPrecondition, sleep } from '@weir/base';
import type { AgentClient } from '@weir/cell';
import { common } from '@weir/proto';

/** Waits until a directive is in force that plans the edge. Throws FailedPrecondition when none comes. */
export async function plannedVariant(device: AgentClient, signal: AbortSignal): Promise<string> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { planned, targets } = await device.status();
    const reachable = targets.some(({ tier, reachable }) => tier === common.Tier.EDGE && reachable);
    if (planned?.tier === common.Tier.EDGE && reachable) return planned.variant;
    await sleep(100, { signal });
  }
  throw new FailedPrecondition('no directive that plans the edge came within 10 s');
}
