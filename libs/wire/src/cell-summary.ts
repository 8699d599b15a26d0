import type { CellSummary } from '@weir/domain';
import type { policy } from '@weir/proto';

export const cellSummaryToWire = ({
  isOpen,
  plans,
  outcomes,
  bytes,
  joinedAgeMs,
  setAside = '',
  ...same
}: CellSummary): policy.CellSummary => ({
  ...same,
  open: isOpen,
  plans: BigInt(plans),
  outcomes: BigInt(outcomes),
  bytes: BigInt(bytes),
  joinedAgeMs,
  setAside,
});
