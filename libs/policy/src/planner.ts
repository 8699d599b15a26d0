import type { Random } from '@weir/base';
import { type ActionSpace, type OpenActions, openActions } from './actions.ts';
import { Beliefs, type BeliefOptions, type BeliefState, type CostView } from './beliefs/beliefs.ts';
import { beliefFault } from './beliefs/belief-shape.ts';
import { type BeliefPrior, priorOfBeliefs } from './beliefs/prior.ts';
import type { Placement, Tier } from './cell.ts';
import type { ActionCost } from './directive.ts';
import { dispatchThresholdMs } from './dispatch-threshold.ts';
import { foreignLoad, isAsynchronous, type JointProblem, jointProblem, nothingMeets } from './joint.ts';
import type { CellObservation, Learner, LearnerSnapshot, LearnerStatus, Plan, Probe } from './learner.ts';
import type { Outcome } from './outcome.ts';
import { FailureWatch } from './planner-failures.ts';
import { nextProbes } from './planner-probes.ts';
import { isObject, mismatch, snapshotOf, stateOf } from './snapshot.ts';
import { type Assignment, remoteCost } from './solver/problem.ts';
import { solveAssignment } from './solver/solve.ts';

export interface PlannerOptions extends BeliefOptions {
  /** Actions considered. @default 'full' — own choice: every variant everywhere; the paper's space is a special case */
  readonly actionSpace: ActionSpace;
  /**
   * Exploration credit earned by each plan, as a share of the best plan's expected cost. @default 0.03 — LEARNING.md
   */
  readonly creditShare: number;
  /**
   * Most credit kept, and credit at the start, in costs of one plan: no single exploration is expected to cost more. What
   * it rules out at first is noticed by shadow probes. @default 0.1 — docs/learning.md, "How much to explore"
   */
  readonly creditCap: number;
  /**
   * Plans between two rounds of shadow probes, which notice changes where no frame goes; 0: none. Two unused nodes are
   * probed in turn, so that a recovery shows within 16 plans. @default 8 — LEARNING.md has "about 10"
   */
  readonly probeEvery: number;
}

export const plannerDefaults: Omit<PlannerOptions, keyof BeliefOptions> = {
  actionSpace: 'full',
  creditShare: 0.03,
  creditCap: 0.1,
  probeEvery: 8,
};

/** Relative variance that a benchmark or calibration has on top of the noise of its group. */
const benchmarkNoise = 0.0025;

const version = 3;
const name = 'planner';

interface PlannerState {
  readonly beliefs: BeliefState;
  readonly outcomes: number;
  readonly plans: number;
  readonly explorations: number;
  readonly explorationCost: number;
  readonly totalCost: number;
  /** Exploration credit in costs of one plan. */
  readonly credit: number;
  readonly benchmarks: readonly (readonly [string, number])[];
  readonly energy: readonly (readonly [string, number])[];
  readonly failures: readonly (readonly [string, number, number])[];
  readonly tiers: readonly (readonly [string, Tier])[];
}

/**
 * Learned cost models, budgeted Thompson sampling, exact joint assignment. Each plan solves the cell on the posterior
 * means (a*) and on one draw from the posterior (ã); ã is run when its expected excess over a* fits an exploration
 * credit that grows by a few per cent of the cost of a plan. The floor is a constraint of both. Sources: LEARNING.md;
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
  /** Newest benchmark or calibration that was learned from, by node or device and variant. */
  readonly #benchmarks = new Map<string, number>();
  /** Tiers of the nodes seen: what another cell needs to read the beliefs as a prior. */
  readonly #tiers = new Map<string, Tier>();
  /** Mean energy, J, by node or device and variant. */
  readonly #energy = new Map<string, number>();
  #observation: CellObservation | undefined;
  #actions: readonly OpenActions[] = [];
  #solved: Solved | undefined;
  #outcomes = 0;
  #plans = 0;
  #explorations = 0;
  #explorationCost = 0;
  #totalCost = 0;
  #credit: number;

  constructor(random: Random, options: Omit<PlannerOptions, keyof BeliefOptions> & Partial<BeliefOptions>) {
    this.#random = random;
    this.#options = options;
    this.#beliefs = new Beliefs(options);
    this.#credit = options.creditCap;
  }

  observe(observation: CellObservation): void {
    this.#observation = observation;
    const { cell } = observation;
    this.#beliefs.setVariants(cell.variants);
    this.#beliefs.setNodes(cell.nodes);
    for (const { id, tier } of cell.nodes) this.#tiers.set(id, tier);
    this.#learnBenchmarks(observation);
    this.#reopen();
  }

  propose(): Plan {
    const observation = this.#required();
    const greedy = this.#solve();
    const cost = greedy.assignment.cost;
    const random = this.#random.fork(`plan ${this.#plans}`);
    this.#plans++;

    this.#credit = Math.min(this.#options.creditCap, this.#credit + this.#options.creditShare);
    const drawn = this.#solveUnder(this.#beliefs.view(random), random);
    const differs = drawn !== undefined && !sameAssignment(drawn, greedy.assignment);
    const excess = differs ? Math.max(0, costOf(greedy.joint, drawn) - cost) / cost : 0;
    const explored = differs && excess <= this.#credit;
    if (explored) {
      this.#credit -= excess;
      this.#explorations++;
      this.#explorationCost += excess * cost;
    }
    this.#totalCost += cost * (1 + (explored ? excess : 0));

    const chosen = explored ? drawn : greedy.assignment;
    const frequency = this.#explorations / this.#plans;
    const placements = this.#placements(greedy.joint, chosen);
    const actions = this.#actionCosts(greedy.costs);
    const probes =
      this.#options.probeEvery > 0 && this.#plans % this.#options.probeEvery === 0
        ? nextProbes(this.#actions, chosen, observation, this.#plans / this.#options.probeEvery)
        : ([] as Probe[]);
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
      if (energyJ > 0) this.#learnEnergy(`${nodeId}\n${variant}`, energyJ);
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
      plans: this.#plans,
      explorations: this.#explorations,
      explorationShare: this.#totalCost > 0 ? this.#explorationCost / this.#totalCost : 0,
      driftAlarms: this.#beliefs.alarms,
    };
  }

  snapshot(): LearnerSnapshot {
    const state: PlannerState = {
      beliefs: this.#beliefs.state(),
      outcomes: this.#outcomes,
      plans: this.#plans,
      explorations: this.#explorations,
      explorationCost: this.#explorationCost,
      totalCost: this.#totalCost,
      credit: this.#credit,
      benchmarks: [...this.#benchmarks],
      energy: [...this.#energy],
      failures: this.#failures.state(),
      tiers: [...this.#tiers],
    };
    return snapshotOf(name, version, state);
  }

  restore(snapshot: LearnerSnapshot): void {
    const state = stateOf<PlannerState>(snapshot, { learner: name, version, fault });
    this.#beliefs.restore(state.beliefs);
    this.#outcomes = state.outcomes;
    this.#plans = state.plans;
    this.#explorations = state.explorations;
    this.#explorationCost = state.explorationCost;
    this.#totalCost = state.totalCost;
    this.#credit = state.credit;
    refill(this.#benchmarks, state.benchmarks);
    refill(this.#energy, state.energy);
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

  #energyJ = (nodeId: string, variant: string): number => this.#energy.get(`${nodeId}\n${variant}`) ?? 0;

  #joint(costs: CostView, mixMs?: ReadonlyMap<string, number>): JointProblem {
    const { local, nodes, links } = this.#beliefs.noise;
    const spread = { local: local.deviation, nodes: nodes.deviation, links: links.deviation };
    const observation = this.#observation!;
    const input = { observation, actions: this.#actions, costs, spread, energyJ: this.#energyJ };
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

  #solveUnder(costs: CostView, _random: Random): Assignment | undefined {
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

  #predictions(joint: JointProblem, { targets, variants }: Assignment): Map<string, number> {
    const counts = countsOf(targets, this.#observation!.cell.nodes.length);
    return new Map(
      this.#actions.map(({ device }, at) => {
        const target = targets[at]!;
        return [device.id, joint.responseMs(at, target, variants[at]!, target < 0 ? 0 : counts[target]!)];
      }),
    );
  }

  #actionCosts(costs: CostView): Map<string, readonly ActionCost[]> {
    return new Map(
      this.#actions.map(({ device, local, remote }) => [
        device.id,
        [
          ...local.map(({ name: variant, accuracy }): ActionCost => ({
            placement: { tier: 'device', nodeId: device.id, variant },
            accuracy,
            serviceMs: costs.localMs(device.id, variant),
            networkMs: 0,
            energyJ: this.#energyJ(device.id, variant),
          })),
          ...remote.flatMap(({ node, link, variants }) => {
            const { nodeId, roundTripMs } = link;
            const networkMs = costs.networkMs({
              deviceId: device.id,
              nodeId,
              class: link.class,
              roundTripMs,
            });
            const load = foreignLoad(this.#observation!, nodeId);
            return variants.map(({ name: variant, accuracy }): ActionCost => ({
              placement: { tier: node.tier, nodeId, variant },
              accuracy,
              serviceMs: costs.computeMs({ nodeId, variant, concurrency: 1, load }),
              networkMs,
              energyJ: this.#energyJ(nodeId, variant),
            }));
          }),
        ],
      ]),
    );
  }

  #learnEnergy(key: string, energyJ: number): void {
    const before = this.#energy.get(key);
    this.#energy.set(key, before === undefined ? energyJ : before + 0.05 * (energyJ - before));
  }

  /** Calibrations of devices and benchmarks of nodes, each value once. */
  #learnBenchmarks({ devices }: CellObservation): void {
    const isNew = (key: string, ms: number) => {
      if (this.#benchmarks.get(key) === ms) return false;
      this.#benchmarks.set(key, ms);
      return true;
    };
    for (const { deviceId, calibration, links } of devices) {
      for (const [variant, ms] of calibration)
        if (isNew(`${deviceId}\n${variant}`, ms))
          this.#beliefs.observeLocal(deviceId, variant, ms, benchmarkNoise);
      for (const { nodeId, services } of links)
        for (const [variant, ms] of services)
          if (isNew(`${nodeId}\n${variant}`, ms))
            this.#beliefs.observeCompute({ nodeId, variant, concurrency: 1, load: 0 }, ms, benchmarkNoise);
    }
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

function countsOf(targets: Int32Array, nodes: number): Int32Array {
  const counts = new Int32Array(nodes);
  for (const target of targets) if (target >= 0) counts[target]!++;
  return counts;
}

/** Cost of an assignment under a joint problem; Infinity when forbidden there. */
function costOf({ problem }: JointProblem, { targets, variants }: Assignment): number {
  const counts = countsOf(targets, problem.nodes.length);
  let cost = 0;
  targets.forEach((target, device) => {
    const variant = variants[device]!;
    if (target < 0) {
      cost += problem.local[device]!.find((option) => option.variant === variant)?.cost ?? Infinity;
      return;
    }
    const access = problem.remote[device]![target]!;
    const option = access.options.find((candidate) => candidate.variant === variant)!;
    cost += remoteCost(problem.nodes[target]!, access, option, counts[target]!);
  });
  return cost;
}

const sameAssignment = (a: Assignment, b: Assignment): boolean =>
  a.targets.every((target, at) => target === b.targets[at]) &&
  a.variants.every((variant, at) => variant === b.variants[at]);

function refill<K, V>(map: Map<K, V>, entries: readonly (readonly [K, V])[]): void {
  map.clear();
  for (const [key, value] of entries) map.set(key, value);
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
