export {
  type DirectionStats,
  type Link,
  type LinkChange,
  type LinkOptions,
  type LinkStats,
  startLink,
} from './link.ts';
export type { CutMode } from './relay.ts';
export { Lane, type LinkConditions } from './lane.ts';
export { type LinkProfile, linkProfiles } from './profiles.ts';
export { forkLinkEmulator, type LinkEmulator, type RemoteLink } from './emulator.ts';
