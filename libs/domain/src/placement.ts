/** Where a node is in the network. */
export type Tier = 'device' | 'edge' | 'cloud';

/** A target and a variant for one inference; on the device itself, `nodeId` is the device's id. */
export interface Placement {
  readonly tier: Tier;
  readonly nodeId: string;
  readonly variant: string;
}
