import type { Random } from '@weir/base';
import type { Placement, Tier, Outcome } from '@weir/domain';
import { type ActionSpace, type OpenActions, openActions } from '../actions.ts';
import { Beliefs, type BeliefOptions, type BeliefState, type CostView } from '../beliefs/beliefs.ts';
import { beliefFault } from '../beliefs/belief-shape.ts';
import { type BeliefPrior, priorOfBeliefs } from '../beliefs/prior.ts';
import { dispatchThresholdMs } from './dispatch-threshold.ts';
import {
  foreignLoad,
  isAsynchronous,
  type JointProblem,
  jointProblem,
  nothingMeets,
} from './joint-problem.ts';
import type { CellObservation, Learner, LearnerSnapshot, LearnerStatus, Plan, Probe } from '../learner.ts';
import { Benchmarks } from './benchmarks.ts';
import { type BudgetState, ExplorationBudget } from './exploration-budget.ts';
import { actionCosts } from './action-costs.ts';
import { EnergyMeans } from './energy.ts';
import { FailureWatch } from './failures.ts';
import { nextProbes } from './probes.ts';
import { refill } from '../refill.ts';
import { isObject, mismatch, snapshotOf, stateOf } from '../snapshot.ts';
import { costOf, countsOf, sameAssignment } from '../solver/assignment.ts';
import type { Assignment } from '../solver/problem.ts';
import { solveAssignment } from '../solver/solve.ts';

export interface PlannerOptions extends BeliefOptions {
  /** Actions considered. @default 'full' — own choice: every variant everywhere; the paper's space is a special case */
  readonly actionSpace: ActionSpace;
  /**
   * Exploration credit earned by each plan, as a share of the best plan's expected cost. @default 0.03 — docs/learning.md
   */
  readonly creditShare: number;
  /**
   * Most credit kept, and credit at the start, in costs of one plan: no single exploration is expected to cost more. What
   * it rules out at first is noticed by shadow probes. @default 0.1 — docs/learning.md, "How much to explore"
   */
  readonly creditCap: number;
  /**
   * Plans between two rounds of shadow probes, which notice changes where no frame goes; 0: none. Two unused nodes are
   * probed in turn, so that a recovery shows within 16 plans. @default 8 — own choice
   */
  readonly probeEvery: number;
}

export const plannerDefaults: Omit<PlannerOptions, keyof BeliefOptions> = {
  actionSpace: 'full',
  creditShare: 0.03,
  creditCap: 0.1,
  probeEvery: 8,
};

const version = 3;
const name = 'planner';

interface PlannerState extends BudgetState {
  readonly beliefs: BeliefState;
  readonly outcomes: number;
  readonly benchmarks: readonly (readonly [string, number])[];
  readonly energy: readonly (readonly [string, number])[];
  readonly failures: readonly (readonly [string, number, number])[];
  readonly tiers: readonly (readonly [string, Tier])[];
}

/**
 * Learned cost models, budgeted Thompson sampling, exact joint assignment. Each plan solves the cell on the posterior
 * means (a*) and on one draw from the posterior (ã); ã is run when its expected excess over a* fits an exploration
 * credit that grows by a few per cent of the cost of a plan. The floor is a constraint of both. Sources:
 * Thompson 1933; Russo et al. 2018, "A Tutorial on Thompson Sampling"; for the budget, Wu et al. 2016, "Conservative
 * Bandits".
 */
export function createPlanner({ random, ...given }: { random: Random } & Partial<PlannerOptions>): Learner {
  return new Planner(random, { ...plannerDefaults, ...given });
}

/** A cell's problem and its best assignment under the posterior means, kept until anything is learned or observed. */
interface Solved {
  readonly joint: JointProblem;
  readonly costs: CostView;
  readonly assignment: Assignment;
}

class Planner implements Learner {
  readonly name = name;
  readonly #options: Omit<PlannerOptions, keyof BeliefOptions>;
  readonly #random: Random;
  readonly #beliefs: Beliefs;
  readonly #failures = new FailureWatch();
  readonly #benchmarks = new Benchmarks();
  readonly #energy = new EnergyMeans();
  readonly #budget: ExplorationBudget;
  /** Tiers of the nodes seen: what another cell needs to read the beliefs as a prior. */
  readonly #tiers = new Map<string, Tier>();
  #observation: CellObservation | undefined;
  #actions: readonly OpenActions[] = [];
  #solved: Solved | undefined;
  #outcomes = 0;

  constructor(random: Random, options: Omit<PlannerOptions, keyof BeliefOptions> & Partial<BeliefOptions>) {
    this.#random = random;
    this.#options = options;
    this.#beliefs = new Beliefs(options);
    this.#budget = new ExplorationBudget(options);
  }

  observe(observation: CellObservation): void {
    this.#observation = observation;
    const { cell } = observation;
    this.#beliefs.setVariants(cell.variants);
    this.#beliefs.setNodes(cell.nodes);
    for (const { id, tier } of cell.nodes) this.#tiers.set(id, tier);
    this.#benchmarks.learn(observation, this.#beliefs);
    this.#reopen();
  }

  propose(): Plan {
    const observation = this.#required();
    const greedy = this.#solve();
    const { cost } = greedy.assignment;
    const random = this.#random.fork(`plan ${this.#budget.plans}`);
    const drawn = this.#solveUnder(this.#beliefs.view(random));
    const other = drawn && !sameAssignment(drawn, greedy.assignment) ? drawn : undefined;
    const excess = other && Math.max(0, costOf(greedy.joint.problem, other) - cost) / cost;
    const explored = this.#budget.plan(cost, excess);

    const chosen = explored ? other! : greedy.assignment;
    const { plans, frequency } = this.#budget;
    const placements = this.#placements(greedy.joint, chosen);
    const { costs } = greedy;
    const actions = actionCosts(this.#actions, { costs, observation, energyJ: this.#energy.of });
    const { probeEvery } = this.#options;
    const probes: readonly Probe[] =
      probeEvery > 0 && plans % probeEvery === 0
        ? nextProbes(this.#actions, chosen, observation, plans / probeEvery)
        : [];
    return {
      placements,
      // Nobody dispatches in synchronous epochs: obey.
      thresholdMs: isAsynchronous(observation)
        ? dispatchThresholdMs({ observation, placements, actions })
        : Infinity,
      explored,
      // How often plans of this kind are chosen; the probability of one joint draw has no closed form.
      propensity: explored ? frequency : 1 - frequency,
      actions,
      accuracyPriceMs: greedy.assignment.price,
      predictedMs: this.#predictions(greedy.joint, chosen),
      ...(probes.length > 0 && { probes }),
    };
  }

  best(): ReadonlyMap<string, Placement> {
    this.#required();
    const { joint, assignment } = this.#solve();
    return this.#placements(joint, assignment);
  }

  learn(outcomes: readonly Outcome[]): void {
    const observation = this.#observation;
    if (!observation) return;
    const { cell } = observation;
    const asynchronous = isAsynchronous(observation);
    const linkOf = new Map(
      observation.devices.flatMap(({ deviceId, links }) =>
        links.map((link) => [`${deviceId}\n${link.nodeId}`, link] as const),
      ),
    );
    for (const { deviceId, placement, hops, energyJ, concurrency, failure, shadow } of outcomes) {
      const { nodeId, variant, tier } = placement;
      if (!cell.devices.some(({ id }) => id === deviceId)) continue;
      if (tier !== 'device') this.#failures.observe(nodeId, failure, observation.at);
      if (failure) continue;
      if (!shadow) this.#outcomes++;
      const serviceMs = hops.decodeMs + hops.computeMs;
      this.#energy.observe(nodeId, variant, energyJ);
      if (tier === 'device') {
        this.#beliefs.observeLocal(deviceId, variant, serviceMs + (asynchronous ? 0 : hops.queueMs));
        continue;
      }
      const node = cell.nodes.find(({ id }) => id === nodeId);
      if (!node) continue;
      const load = foreignLoad(observation, nodeId);
      const together = asynchronous ? Math.min(node.slots, concurrency + 1) : concurrency + 1;
      const tierMs = serviceMs + (asynchronous ? 0 : hops.queueMs);
      this.#beliefs.observeCompute({ nodeId, variant, concurrency: together, load }, tierMs);
      const link = linkOf.get(`${deviceId}\n${nodeId}`);
      if (link) {
        const { roundTripMs } = link;
        const networkMs = hops.uplinkMs + hops.downlinkMs;
        this.#beliefs.observeNetwork({ deviceId, nodeId, class: link.class, roundTripMs }, networkMs);
      }
    }
    this.#solved = undefined;
    if (this.#failures.changed()) this.#reopen();
  }

  status(): LearnerStatus {
    return {
      outcomes: this.#outcomes,
      plans: this.#budget.plans,
      exploringPlans: this.#budget.explorations,
      explorationShare: this.#budget.spentShare,
      driftAlarms: this.#beliefs.alarms,
    };
  }

  snapshot(): LearnerSnapshot {
    const state: PlannerState = {
      beliefs: this.#beliefs.state(),
      outcomes: this.#outcomes,
      ...this.#budget.state(),
      benchmarks: this.#benchmarks.state(),
      energy: this.#energy.state(),
      failures: this.#failures.state(),
      tiers: [...this.#tiers],
    };
    return snapshotOf(name, version, state);
  }

  restore(snapshot: LearnerSnapshot): void {
    const state = stateOf<PlannerState>(snapshot, { learner: name, version, fault });
    this.#beliefs.restore(state.beliefs);
    this.#outcomes = state.outcomes;
    this.#budget.restore(state);
    this.#benchmarks.restore(state.benchmarks);
    this.#energy.restore(state.energy);
    this.#failures.restore(state.failures);
    refill(this.#tiers, state.tiers);
    this.#solved = undefined;
    if (this.#observation) this.#reopen();
  }

  #required(): CellObservation {
    if (!this.#observation) throw new Error('observe() comes before propose()');
    return this.#observation;
  }

  #reopen(): void {
    const observation = this.#observation!;
    this.#solved = undefined;
    this.#actions = openActions(
      observation,
      this.#options.actionSpace,
      this.#failures.suspects(observation.at),
    );
  }

  #joint(costs: CostView, mixMs?: ReadonlyMap<string, number>): JointProblem {
    const { local, nodes, links } = this.#beliefs.noise;
    const spread = { local: local.deviation, nodes: nodes.deviation, links: links.deviation };
    const observation = this.#observation!;
    const input = { observation, actions: this.#actions, costs, spread, energyJ: this.#energy.of };
    return jointProblem(mixMs ? { ...input, mixMs } : input);
  }

  /** a*. Throws FailedPrecondition when nothing meets the constraints. */
  #solve(): Solved {
    if (this.#solved) return this.#solved;
    const costs = this.#beliefs.view();
    let joint = this.#joint(costs);
    let assignment = solveAssignment(joint.problem);
    if (!assignment && this.#failures.forgive()) {
      this.#reopen();
      joint = this.#joint(costs);
      assignment = solveAssignment(joint.problem);
    }
    if (!assignment) throw nothingMeets(this.#actions, this.#observation!.cell);
    const mixMs = this.#mixMs(costs, assignment);
    if (mixMs) {
      // Who waits at a node waits for what runs there: once more with the services of the variants just planned.
      const remixed = this.#joint(costs, mixMs);
      const again = solveAssignment(remixed.problem);
      if (again) [joint, assignment] = [remixed, again];
    }
    return (this.#solved = { joint, costs, assignment });
  }

  #solveUnder(costs: CostView): Assignment | undefined {
    const mixMs = this.#mixMs(costs, this.#solved!.assignment);
    return solveAssignment(this.#joint(costs, mixMs).problem);
  }

  /** Mean service at each node under an assignment; undefined where counts alone tell the time. */
  #mixMs(costs: CostView, { targets, variants }: Assignment): Map<string, number> | undefined {
    const { cell } = this.#observation!;
    if (!isAsynchronous(this.#observation!) || this.#options.actionSpace === 'paper') return undefined;
    const sums = new Map<string, { ms: number; count: number }>();
    targets.forEach((target, device) => {
      if (target < 0) return;
      const nodeId = cell.nodes[target]!.id;
      const variant = cell.variants[variants[device]!]!.name;
      const sum = sums.get(nodeId) ?? { ms: 0, count: 0 };
      sum.ms += costs.computeMs({ nodeId, variant, concurrency: 1, load: 0 });
      sum.count++;
      sums.set(nodeId, sum);
    });
    return new Map([...sums].map(([id, { ms, count }]) => [id, ms / count]));
  }

  #placements(joint: JointProblem, { targets, variants }: Assignment): Map<string, Placement> {
    return new Map(
      this.#actions.map(({ device }, at) => [device.id, joint.placement(at, targets[at]!, variants[at]!)]),
    );
  }

  #predictions(joint: JointProblem, assignment: Assignment): Map<string, number> {
    const { targets, variants } = assignment;
    const counts = countsOf(assignment, this.#observation!.cell.nodes.length);
    return new Map(
      this.#actions.map(({ device }, at) => {
        const target = targets[at]!;
        return [device.id, joint.responseMs(at, target, variants[at]!, target < 0 ? 0 : counts[target]!)];
      }),
    );
  }
}

/**
 * What the planners of other cells have learned, as the prior of a new cell's (`createPlanner({ prior })`): costs of
 * devices, tiers and links by role, so that names need not agree. Floors do not matter: costs do not depend on them.
 * Throws InvalidInput for a snapshot of another learner or a corrupt one.
 */
export function priorFrom(snapshots: readonly LearnerSnapshot[]): BeliefPrior {
  return priorOfBeliefs(
    snapshots.map((snapshot) => {
      const { beliefs, tiers } = stateOf<PlannerState>(snapshot, { learner: name, version, fault });
      return { beliefs, tiers: new Map(tiers) };
    }),
  );
}

function fault(state: unknown): string | undefined {
  if (!isObject(state)) return 'must be an object';
  const numbers = { outcomes: 0, plans: 0, explorations: 0, explorationCost: 0, totalCost: 0, credit: 0 };
  return (
    mismatch(state, {
      ...numbers,
      benchmarks: [['', 0]],
      energy: [['', 0]],
      failures: [['', 0, 0]],
      tiers: [['', '']],
    }) ?? beliefFault(state.beliefs, 'state.beliefs')
  );
}
