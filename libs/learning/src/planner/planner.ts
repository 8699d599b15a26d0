import { finish, type Random, type Steps } from '@weir/base';
import type { Outcome, Placement, PlannedLook } from '@weir/domain';
import { type OpenActions, openActionsInSteps } from '../actions.ts';
import type { BeliefOptions } from '../beliefs/belief-options.ts';
import { Beliefs } from '../beliefs/beliefs.ts';
import type { CellObservation, Learner, LearnerSnapshot, LearnerStatus, Plan } from '../learner.ts';
import { actionCosts } from './action-costs.ts';
import { Calibrations } from './calibrations.ts';
import {
  decide,
  decideUnder,
  type DecisionInput,
  placementsOf,
  predictionsOf,
  secondLooksOf,
  type SharedLook,
  type Solved,
} from './decision.ts';
import { dispatchThresholdInSteps } from './dispatch-threshold.ts';
import { EnergyMeans } from './energy.ts';
import { ExplorationBudget } from './exploration-budget.ts';
import { FailureWatch } from './failures.ts';
import { isAsynchronous } from './frame-shares.ts';
import { type JointAssignment, sameJointAssignment } from './joint-assignment.ts';
import { nothingMeets } from './joint-problem.ts';
import { Membership } from './membership.ts';
import { learnOutcomes } from './outcome-learning.ts';
import { type PlannerOptions, plannerDefaults } from './planner-options.ts';
import { plannerSnapshot, plannerState } from './planner-state.ts';
import { probesOf } from './probes.ts';

/**
 * Learned cost models, budgeted Thompson sampling, exact joint assignment. Each plan solves the cell on the posterior
 * means (a*) and on one draw from the posterior (ã); ã is run when the draw promises enough of it and its expected
 * excess over a* fits an exploration credit that grows by a few per cent of the cost of a plan. The floor is a
 * constraint of both. Sources: Thompson 1933; Russo et al. 2018, "A Tutorial on Thompson Sampling"; for the budget, Wu
 * et al. 2016, "Conservative Bandits".
 */
export function createPlanner({ random, ...given }: { random: Random } & Partial<PlannerOptions>): Learner {
  return new Planner(random, { ...plannerDefaults, ...given });
}

/**
 * Frames that a plan of a living cell brings of each thing that it uses, about: a second of five. In synchronous epochs the
 * credit alone bounds what draws may cost.
 */
const observationsPerPlan = 5;

/** Draws that tell a propensity, to a ninth. */
const redraws = 8;
/** Devices of a cell that is drawn again: the draws take two to three times as long as its plan. */
const mostRedrawn = 10;

class Planner implements Learner {
  readonly name = 'planner';
  readonly #options: Omit<PlannerOptions, keyof BeliefOptions>;
  readonly #random: Random;
  readonly #beliefs: Beliefs;
  readonly #failures = new FailureWatch();
  readonly #calibrations = new Calibrations();
  readonly #energy = new EnergyMeans();
  readonly #members = new Membership();
  readonly #budget: ExplorationBudget;
  #observation: CellObservation | undefined;
  #actions: readonly OpenActions[] = [];
  /** Devices may do something else than that. */
  #isStale = false;
  /** The best assignment under the posterior means, kept until anything is learned or observed. */
  #solved: Solved | undefined;
  #outcomes = 0;
  /** The last plan, and the credit it was made with, until anything is learned or observed. */
  #proposed: { readonly placements: ReadonlyMap<string, Placement>; readonly credit: number } | undefined;

  constructor(random: Random, options: Omit<PlannerOptions, keyof BeliefOptions> & Partial<BeliefOptions>) {
    this.#random = random;
    this.#options = options;
    this.#beliefs = new Beliefs(options);
    this.#budget = new ExplorationBudget(options);
  }

  observe(observation: CellObservation): void {
    finish(this.#observing(observation));
  }

  *#observing(observation: CellObservation): Steps<void> {
    this.#observation = observation;
    const { cell } = observation;
    this.#beliefs.setVariants(cell.variants);
    this.#beliefs.setNodes(cell.nodes);
    if (this.#members.see(cell))
      for (const each of [this.#beliefs, this.#failures, this.#calibrations, this.#energy])
        each.retain(this.#members);
    this.#failures.tick(observation.at);
    yield;
    yield* this.#calibrations.learn(observation, this.#beliefs);
    yield;
    yield* this.#reopening();
  }

  propose(): Plan {
    return finish(this.#proposing());
  }

  *planInSteps(observation: CellObservation): Steps<Plan> {
    yield* this.#observing(observation);
    yield;
    return yield* this.#proposing();
  }

  *#proposing(): Steps<Plan> {
    const greedy = yield* this.#solving();
    const input = this.#input();
    const { observation } = input;
    const other = yield* this.#draw(input, greedy, `plan ${this.#budget.plans}`);
    const { probeEvery, creditShare, livingCreditShare } = this.#options;
    const earnedShare = isAsynchronous(observation) ? livingCreditShare : creditShare;
    const credit = this.#budget.creditWith(earnedShare);
    const explored = this.#budget.plan(greedy.assignment.cost, { earnedShare, excess: other?.excess });
    const chosen = explored ? other!.assignment : greedy.assignment;
    const { plans } = this.#budget;
    const placements = placementsOf(this.#actions, greedy.joint, chosen);
    this.#proposed = { placements, credit };
    yield;
    const looks = secondLooksOf(input, greedy.joint, chosen);
    const asynchronous = isAsynchronous(observation);
    yield;
    const actions = yield* actionCosts(this.#actions, {
      own: greedy.joint.own,
      costs: greedy.costs,
      observation,
      energyJ: this.#energy.of,
    });
    const probes =
      probeEvery > 0
        ? probesOf({ actions: this.#actions, chosen, observation, plans, probeEvery, beliefs: this.#beliefs })
        : [];
    yield;
    const predictedMs = yield* predictionsOf(input, greedy.joint, chosen);
    yield;
    const thresholdMs = asynchronous
      ? yield* dispatchThresholdInSteps({ observation, placements, actions, looks })
      : Infinity;
    return {
      placements,
      // Nobody dispatches in synchronous epochs: obey. In a living cell each agent chooses its second looks.
      ...(!asynchronous && looks.size > 0 && { secondLooks: plannedLooks(looks) }),
      thresholdMs,
      explored,
      // The probability of one joint draw has no closed form.
      propensity: 0,
      actions,
      accuracyPriceMs: greedy.assignment.price,
      predictedMs,
      ...(probes.length > 0 && { probes }),
    };
  }

  /**
   * By drawing again: no closed form tells how often the posterior's draws place a device so. The plan itself counts as one of
   * the draws, so that none has probability 0. Large cells would take too long.
   */
  propensities(): ReadonlyMap<string, number> {
    if (!this.#proposed || this.#actions.length > mostRedrawn) return new Map();
    const { placements, credit } = this.#proposed;
    const greedy = this.#solve();
    const input = this.#input();
    const same = new Map([...placements.keys()].map((id) => [id, 1]));
    for (let again = 0; again < redraws; again++) {
      const other = finish(this.#draw(input, greedy, `plan ${this.#budget.plans - 1} again ${again}`));
      const chosen = other && other.excess <= credit ? other.assignment : greedy.assignment;
      for (const [id, placement] of placementsOf(this.#actions, greedy.joint, chosen))
        if (samePlacement(placement, placements.get(id)!)) same.set(id, same.get(id)! + 1);
    }
    return new Map([...same].map(([id, count]) => [id, count / (redraws + 1)]));
  }

  best(): ReadonlyMap<string, Placement> {
    const { joint, assignment } = this.#solve();
    return placementsOf(this.#actions, joint, assignment);
  }

  bestSecondLooks(): ReadonlyMap<string, PlannedLook> {
    const { joint, assignment } = this.#solve();
    const input = this.#input();
    if (isAsynchronous(input.observation)) return new Map();
    return plannedLooks(secondLooksOf(input, joint, assignment));
  }

  learn(outcomes: readonly Outcome[]): void {
    if (!this.#observation) return;
    this.#proposed = undefined;
    this.#outcomes += learnOutcomes(outcomes, this.#observation, {
      beliefs: this.#beliefs,
      energy: this.#energy,
      failures: this.#failures,
    });
    this.#solved = undefined;
    // Of a large cell that takes a while, and many devices lose a node at once.
    this.#isStale ||= this.#failures.changed();
  }

  status(): LearnerStatus {
    const { prior } = this.#beliefs;
    return {
      outcomes: this.#outcomes,
      plans: this.#budget.plans,
      exploringPlans: this.#budget.explorations,
      explorationShare: this.#budget.spentShare,
      driftAlarms: this.#beliefs.alarms,
      ...(prior && { priorCells: prior.cells }),
    };
  }

  snapshot(): LearnerSnapshot {
    return finish(this.snapshotInSteps());
  }

  *snapshotInSteps(): Steps<LearnerSnapshot> {
    return plannerSnapshot({
      beliefs: yield* this.#beliefs.stateInSteps(),
      outcomes: this.#outcomes,
      ...this.#budget.state(),
      calibrations: this.#calibrations.state(),
      energy: this.#energy.state(),
      failures: this.#failures.state(),
      members: this.#members.state(),
    });
  }

  restore(snapshot: LearnerSnapshot): void {
    const state = plannerState(snapshot);
    this.#beliefs.restore(state.beliefs);
    this.#outcomes = state.outcomes;
    this.#budget.restore(state);
    this.#calibrations.restore(state.calibrations);
    this.#energy.restore(state.energy);
    this.#failures.restore(state.failures);
    this.#members.restore(state.members);
    this.#solved = undefined;
    if (this.#observation) this.#reopen();
  }

  #input(): DecisionInput {
    if (!this.#observation) throw new Error('observe() comes before propose()');
    return {
      observation: this.#observation,
      actions: this.#actions,
      beliefs: this.#beliefs,
      energyJ: this.#energy.of,
      actionSpace: this.#options.actionSpace,
    };
  }

  #reopen(): void {
    finish(this.#reopening());
  }

  *#reopening(): Steps<void> {
    this.#solved = undefined;
    this.#proposed = undefined;
    const { actionSpace } = this.#options;
    this.#actions = yield* openActionsInSteps(this.#observation!, actionSpace, this.#failures.avoids);
    this.#isStale = false;
  }

  /** a*. Throws FailedPrecondition when nothing meets the constraints. */
  #solve(): Solved {
    return finish(this.#solving());
  }

  *#solving(): Steps<Solved> {
    if (this.#solved) return this.#solved;
    if (this.#isStale) yield* this.#reopening();
    const costs = this.#beliefs.view();
    let solved = yield* decide(this.#input(), costs);
    if (!solved && this.#failures.clear()) {
      this.#reopen();
      solved = yield* decide(this.#input(), costs);
    }
    if (!solved) throw nothingMeets(this.#actions, this.#observation!.cell);
    return (this.#solved = solved);
  }

  /** ã with its expected excess over a* as a share of a*'s cost; undefined when there is nothing to find out. */
  *#draw(
    input: DecisionInput,
    greedy: Solved,
    label: string,
  ): Steps<{ assignment: JointAssignment; excess: number } | undefined> {
    const random = this.#random.fork(label);
    const asynchronous = isAsynchronous(input.observation);
    const observations = asynchronous ? observationsPerPlan : Infinity;
    const drawn = yield* decideUnder(input, this.#beliefs.view({ random, observations }), greedy);
    yield;
    if (!drawn || sameJointAssignment(drawn.assignment, greedy.assignment)) return undefined;
    const promised = drawn.joint.costOf(greedy.assignment) / drawn.assignment.cost - 1;
    if (asynchronous && promised < this.#options.leastGain) return undefined;
    // Second looks were placed beside the frames of a*: beside its own, ã may be no better.
    if (drawn.joint.looksTwice && !(promised > 0)) return undefined;
    const { cost } = greedy.assignment;
    const excess = Math.max(0, greedy.joint.costOf(drawn.assignment) - cost) / cost;
    return { assignment: drawn.assignment, excess };
  }
}

const samePlacement = (a: Placement, b: Placement) => a.nodeId === b.nodeId && a.variant === b.variant;

const plannedLooks = (looks: ReadonlyMap<string, SharedLook>): Map<string, PlannedLook> =>
  new Map([...looks].map(([deviceId, { share: _, ...look }]) => [deviceId, look]));
