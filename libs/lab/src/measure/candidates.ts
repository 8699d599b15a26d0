import { seededRandom } from '@weir/base';
import {
  type HiLcbOptions,
  type LearnerSnapshot,
  createLearner,
  isLearnerFile,
  learnerFactory,
  learnerName,
} from '@weir/learning';
import { hiLcbRule, oneLookPlanner } from '../scenario/lab-learners.ts';
import type { TunedRule } from './tuned-rules.ts';
import type { PlacedDevice } from './results.ts';
import type { Testbed } from './testbed.ts';

/** Who plans for the cell, for a while. */
export interface Candidate {
  readonly label: string;
  /** Looks that its frames may get; in force before it starts or resumes. */
  readonly maxLooks: number;
  /** From the beginning: what was learned before is forgotten. */
  start(testbed: Testbed): Promise<void>;
  /** Where it was when another one took over. */
  resume(testbed: Testbed): Promise<void>;
  /** Before another one takes over. */
  leave?(testbed: Testbed): Promise<void>;
  /** False for those that always do the same: they need no epochs to learn in. */
  readonly learns: boolean;
}

const fixed = ['device-only', 'edge-only', 'cloud-only', 'static'];

/**
 * A learner that starts from nothing, by its name or the path of its file. `looks`: what a frame may get at most; baselines
 * look once all the same.
 */
export function learnerOf(learner: string, looks: number): Candidate {
  const planner = serviceLearner(learner);
  return {
    label: learnerName(learner),
    maxLooks: learner === 'planner' || isLearnerFile(learner) ? looks : 1,
    learns: !fixed.includes(learner),
    // What a learner knows before its first outcome does not depend on chance.
    start: (testbed) =>
      testbed.importSnapshot(
        learnerFactory(planner)
          .create({ random: seededRandom(0) })
          .snapshot(),
      ),
    resume: (testbed) => testbed.setLearner(learnerName(planner)),
  };
}

/**
 * Several, side by side: where two are the same learner to the service, each keeps what it knows to itself. `tuned`: what
 * the rules among them do that are tuned in hindsight; those that are undefined there are left out.
 */
export function learnersOf(
  learners: readonly string[],
  {
    looks,
    tuned = new Map(),
  }: { readonly looks: number; readonly tuned?: ReadonlyMap<string, TunedRule | undefined> },
): Candidate[] {
  const able = learners.filter((learner) => !unableIn(tuned).includes(learner));
  const counts = Map.groupBy(able, serviceLearner);
  return able.map((learner) => {
    const rule = tuned.get(learner);
    if (rule && 'placements' in rule) return placed(learner, rule.placements);
    const candidate = rule ? bandit(rule) : learnerOf(learner, looks);
    return counts.get(serviceLearner(learner))!.length > 1 ? parked(candidate) : candidate;
  });
}

/** Rules that nothing lets meet the floor. */
export const unableIn = (tuned: ReadonlyMap<string, TunedRule | undefined>): readonly string[] =>
  [...tuned].flatMap(([rule, found]) => (found ? [] : [rule]));

const serviceLearner = (learner: string): string => (learner === oneLookPlanner ? 'planner' : learner);

function parked(candidate: Candidate): Candidate {
  let known: LearnerSnapshot | undefined;
  return {
    ...candidate,
    resume: (testbed) => (known ? testbed.importSnapshot(known) : candidate.start(testbed)),
    leave: async (testbed) => void (known = await testbed.exportSnapshot()),
  };
}

const bandit = (options: Partial<HiLcbOptions>): Candidate => ({
  ...learnerOf(hiLcbRule, 2),
  maxLooks: 2,
  start: (testbed) =>
    testbed.importSnapshot(createLearner(hiLcbRule, { ...options, random: seededRandom(0) }).snapshot()),
});

/** A joint placement that is obeyed, under a name of its own. */
export function placed(label: string, placements: readonly PlacedDevice[]): Candidate {
  const place = (testbed: Testbed) => testbed.place(placements);
  const maxLooks = placements.some(({ secondLook }) => secondLook) ? 2 : 1;
  return { label, maxLooks, learns: false, start: place, resume: place };
}

/** A learner that starts from what was learned elsewhere. */
export const warmStarted = (label: string, snapshot: LearnerSnapshot, maxLooks: number): Candidate => ({
  label,
  maxLooks,
  learns: true,
  start: (testbed) => testbed.importSnapshot(snapshot),
  resume: (testbed) => testbed.setLearner(snapshot.learner),
});
