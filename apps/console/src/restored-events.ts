import type { policy } from '@weir/proto';

type Status = Pick<policy.WatchLearnerResponse, 'restored'>;

/** Says when an operator has put the learner back or given it a snapshot; not what happened before the first status. */
export function restoredEvents(tell: (text: string) => void) {
  let known: bigint | undefined;
  return ({ restored }: Status): void => {
    const count = restored?.count ?? 0n;
    const isNew = known !== undefined && count !== known && count > 0n;
    known = count;
    if (!isNew || !restored) return;
    const { learner, version } = restored;
    tell(
      version > 0n
        ? `the learner ${learner} is back at version ${version}`
        : `the learner ${learner} goes on from an imported snapshot`,
    );
  };
}
