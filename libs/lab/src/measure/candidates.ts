import { seededRandom } from '@weir/base';
import { type LearnerSnapshot, learnerFactory, learnerName } from '@weir/learning';
import type { PlacedDevice } from './results.ts';
import type { Testbed } from './testbed.ts';

/** Who plans for the cell, for a while. */
export interface Candidate {
  readonly label: string;
  /** From the beginning: what was learned before is forgotten. */
  start(testbed: Testbed): Promise<void>;
  /** Where it was when another one took over. */
  resume(testbed: Testbed): Promise<void>;
  /** False for those that always do the same: they need no epochs to learn in. */
  readonly learns: boolean;
}

const fixed = ['device-only', 'edge-only', 'cloud-only', 'static'];

/** A learner that starts from nothing, by its name or the path of its file. */
export const learnerOf = (learner: string): Candidate => ({
  label: learnerName(learner),
  learns: !fixed.includes(learner),
  // What a learner knows before its first outcome does not depend on chance.
  start: (testbed) =>
    testbed.importSnapshot(
      learnerFactory(learner)
        .create({ random: seededRandom(0) })
        .snapshot(),
    ),
  resume: (testbed) => testbed.setLearner(learnerName(learner)),
});

/** A joint placement that is obeyed, under a name of its own. */
export function placed(label: string, placements: readonly PlacedDevice[]): Candidate {
  const place = (testbed: Testbed) => testbed.place(placements);
  return { label, learns: false, start: place, resume: place };
}

/** A learner that starts from what was learned elsewhere. */
export const warmStarted = (label: string, snapshot: LearnerSnapshot): Candidate => ({
  label,
  learns: true,
  start: (testbed) => testbed.importSnapshot(snapshot),
  resume: (testbed) => testbed.setLearner(snapshot.learner),
});
