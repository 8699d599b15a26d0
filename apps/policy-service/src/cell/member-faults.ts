import type { Logger } from '@weir/base';
import type { MemberFaults } from './members.ts';

/** Names each fault and its cure in the log. */
export const tellMemberFaults = (logger: Logger): MemberFaults => ({
  onDeviantClaim({ deviceId, claimed, established }) {
    logger.warn(
      { deviceId, claimed, established },
      established
        ? `${deviceId} says of ${claimed.name} what the cell does not, and it counts for nobody; give all devices one model family`
        : `${deviceId} has ${claimed.name}, which no family of --models is known to have: it is not planned with`,
    );
  },
  onSharedName({ nodeId, devices }) {
    logger.warn(
      { nodeId, devices },
      `two workers answer to the name ${nodeId}: name them differently in the --targets of their devices`,
    );
  },
  onDeviceNamedLikeNode(deviceId) {
    logger.warn(
      { deviceId },
      `${deviceId} is the name of a device and of a worker: no frame is sent to that worker; rename one of them`,
    );
  },
});
