import type { LinkConditions } from './lane.ts';

export type LinkProfile = 'regular' | 'weak';

/** Conditions, both ways, of the links from a device to its edge and to the cloud. */
export const linkProfiles: Readonly<
  Record<LinkProfile, Readonly<Record<'edge' | 'cloud', Readonly<LinkConditions>>>>
> = {
  /** Wi-Fi to a nearby edge box, an ordinary path to the cloud. */
  regular: {
    edge: { delayMs: 5, bitsPerSecond: 50e6 },
    cloud: { delayMs: 20, bitsPerSecond: 50e6 },
  },
  /** A distant or congested radio cell. */
  weak: {
    edge: { delayMs: 25, bitsPerSecond: 8e6 },
    cloud: { delayMs: 45, bitsPerSecond: 8e6 },
  },
};
