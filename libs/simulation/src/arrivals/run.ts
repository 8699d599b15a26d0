import { FailedPrecondition, type Random, ResourceExhausted, percentile, seededRandom } from '@weir/base';
import type { Dispatcher } from '@weir/dispatch';
import {
  type Cell,
  type CellAccuracy,
  type Directive,
  type Outcome,
  asCorrected,
  correctedCell,
  tightenObjective,
} from '@weir/domain';
import { AccuracyGuard, type CellObservation, type Learner, createTransferLedger } from '@weir/learning';
import { type Arrivals, arrivalTimes } from './arrivals.ts';
import { type AsyncAgent, type AsyncFrame, type Knowledge, createAsyncAgent } from './agent.ts';
import { EventQueue } from './events.ts';
import { SlotNode } from './node.ts';
import { observeWorld } from './observe.ts';
import { pictureModel } from './pictures.ts';
import { type TimeNoise, lognormalNoise } from './time-noise.ts';
import { type World, bestVariant, capacityPerMs } from './world.ts';

/** Makes the plans: a learner, or a reference that knows the true costs. */
export type AsyncPlanner = Pick<Learner, 'name' | 'observe' | 'propose' | 'propensities' | 'learn'>;

/** A change of the true costs in mid-run. */
export interface DriftStep {
  readonly atMs: number;
  readonly change: (world: World) => void;
}

/** Frames of each device in the order of their times, ms; `certainty` of its picture, where it is known. */
export type GivenArrivals = ReadonlyMap<
  string,
  readonly { readonly atMs: number; readonly certainty?: number }[]
>;

export interface AsyncRunOptions {
  readonly world: World;
  readonly planner: AsyncPlanner;
  /** How frames arrive, or when each does. */
  readonly arrivals: Arrivals | GivenArrivals;
  /** Offered load: frames of the cell as a share of what all-best would just sustain; needed where arrivals are not given. */
  readonly load?: number;
  /** End of arrivals, virtual ms. */
  readonly durationMs: number;
  /** Warm-up, ms: earlier frames count for the floor, but not for the times. @default 10 000 */
  readonly warmupMs?: number;
  readonly seed: number;
  /** Of every service and network time; a number is the σ of lognormal noise. @default 0.07 */
  readonly noise?: number | TimeNoise;
  /** Period of the nodes' load reports, ms. @default 200 */
  readonly reportMs?: number;
  /** Share of the reports that are lost, 0..1. @default 0 */
  readonly reportLoss?: number;
  /** @default true */
  readonly loadWithAnswers?: boolean;
  /** Share of the outcomes that never reach the planner, 0..1. @default 0 */
  readonly outcomeLoss?: number;
  /** Mean of each outcome's exponential delay, ms; outcomes may overtake each other. @default 0 */
  readonly outcomeDelayMs?: number;
  /** @default 1000 */
  readonly replanMs?: number;
  /** One way between an agent and PolicyService. @default 10 */
  readonly policyDelayMs?: number;
  /** @default 'reports' */
  readonly knows?: Knowledge;
  /** Devices and nodes have calibrated their service times. @default true */
  readonly calibrated?: boolean;
  /** θ instead of the plan's, ms. */
  readonly thresholdMs?: number;
  /** @default true */
  readonly transfers?: boolean;
  readonly drift?: readonly DriftStep[];
  /** Stands between each device and its dispatcher, e.g. with a watch. @default nothing */
  readonly around?: (dispatcher: Dispatcher) => Dispatcher;
  /** Outcomes carry the propensity of their placement, which a learner may have to draw again for; else 0. @default false */
  readonly propensities?: boolean;
  /** Told of every outcome when it happens, lost ones included. */
  readonly onOutcome?: (outcome: Outcome) => void;
  /** The accuracy promised is held against what looks and audits tell. @default false */
  readonly guarded?: boolean;
}

export interface AsyncRunResult {
  readonly frames: number;
  /** Frames without any allowed action, or any that is in time. */
  readonly refused: number;
  readonly meanMs: number;
  readonly p95Ms: number;
  /** Mean of what the frames were promised. */
  readonly accuracy: number;
  /** Share of right answers. */
  readonly right: number;
  /** Share of frames whose answer is a second look's. */
  readonly secondLooks: number;
  /** Lowest cumulative Σ(promised − floor) over the answered frames, in the order of the answers; >= 0 keeps the floor. */
  readonly lowestSurplus: number;
  /** Answers after which the cumulative promise was below the floor. */
  readonly floorViolations: number;
  /** Shares of the frames, by `tier/variant` of the first look. */
  readonly placements: Readonly<Record<string, number>>;
  /** Shares of the frames, by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** What the guard knew at each plan, in their order; empty without one. */
  readonly guard: readonly GuardState[];
  /** Every answered frame, warm-up included, in the order of the answers. */
  readonly answered: readonly AsyncFrame[];
}

export interface GuardState extends CellAccuracy {
  readonly at: number;
}

/** A living cell in virtual time: real dispatchers, FIFO slots, late reports, a plan about once a second. */
export function runAsync(options: AsyncRunOptions): AsyncRunResult {
  const { world, policyDelayMs = 10, replanMs = 1_000, reportMs = 200 } = options;
  const { noise: given = 0.07 } = options;
  const noise = typeof given === 'number' ? lognormalNoise(given) : given;
  const random = seededRandom(options.seed);
  const events = new EventQueue();
  const nodes = world.nodes.map(({ id, slots }) => new SlotNode(id, slots, events));
  const answered: AsyncFrame[] = [];
  let refused = 0;
  let outcomes: Outcome[] = [];
  const { outcomeLoss = 0, outcomeDelayMs = 0 } = options;
  const fate = random.fork('outcomes');
  const pictures = pictureModel(world.variants, world.looks);

  const agents = world.devices.map((device, index) =>
    createAsyncAgent({
      world,
      device,
      index,
      nodes,
      events,
      random: random.fork(`${device.id}/work`),
      pictures,
      noise,
      knows: options.knows ?? 'reports',
      loadWithAnswers: options.loadWithAnswers ?? true,
      around: options.around,
      audits: options.guarded ?? false,
      answered: (frame) => answered.push(frame),
      refused(_cameAt, error) {
        // No place is allowed, or none could answer before the deadline.
        if (!(error instanceof FailedPrecondition || error instanceof ResourceExhausted)) throw error;
        refused++;
      },
      outcome(outcome) {
        options.onOutcome?.(outcome);
        if (outcomeLoss > 0 && fate.uniform() < outcomeLoss) return;
        const delayMs = policyDelayMs + (outcomeDelayMs > 0 ? fate.exponential(outcomeDelayMs) : 0);
        events.after(delayMs, () => outcomes.push(outcome));
      },
    }),
  );

  startReports({ world, nodes, agents, events, reportMs, loss: options.reportLoss ?? 0, random });
  const guard: GuardState[] = [];
  const replan = startPlanning({
    options,
    agents,
    nodes,
    events,
    noise,
    replanMs,
    policyDelayMs,
    random,
    take,
    guarded: (state) => guard.push(state),
  });
  for (const { atMs, change } of options.drift ?? [])
    events.at(atMs, () => {
      change(world);
      for (const [index, { down }] of world.nodes.entries()) nodes[index]!.down = down;
      if ((options.knows ?? 'reports') !== 'reports') replan();
    });
  startFrames({ options, agents, events, random });

  events.runUntil(options.durationMs);
  // Finish what is under way: a rule must not look better by leaving frames unanswered.
  for (let rest = 0; rest < 600 && agents.some(({ outstanding }) => outstanding > 0); rest++)
    events.runUntil(events.now + 1_000);
  return {
    ...summarise(answered, refused, world.objective.accuracyFloor, options.warmupMs ?? 10_000),
    guard,
  };

  function take(): Outcome[] {
    const taken = outcomes;
    outcomes = [];
    return taken;
  }
}

interface ReportOptions {
  readonly world: World;
  readonly nodes: readonly SlotNode[];
  readonly agents: readonly AsyncAgent[];
  readonly events: EventQueue;
  readonly reportMs: number;
  readonly loss: number;
  readonly random: Random;
}

function startReports({ world, nodes, agents, events, reportMs, loss, random }: ReportOptions): void {
  const chance = random.fork('reports');
  for (const [index, node] of nodes.entries()) {
    const { networkMs } = world.nodes[index]!;
    const report = () => {
      if (!node.down) {
        const load = node.load();
        for (const { device, dispatcher } of agents) {
          if (loss > 0 && chance.uniform() < loss) continue;
          const delayMs = (networkMs + (device.extraNetworkMs.get(node.id) ?? 0)) / 2;
          events.after(delayMs, () => {
            if (!node.down) dispatcher.reportLoad(load, events.now);
          });
        }
      }
      events.after(reportMs, report);
    };
    events.at((reportMs * (index + 0.5)) / nodes.length, report);
  }
  const probe = () => {
    for (const agent of agents) agent.probe();
    events.after(500, probe);
  };
  events.after(500, probe);
}

interface PlanningOptions {
  readonly options: AsyncRunOptions;
  readonly agents: readonly AsyncAgent[];
  readonly nodes: readonly SlotNode[];
  readonly events: EventQueue;
  readonly noise: TimeNoise;
  readonly replanMs: number;
  readonly policyDelayMs: number;
  readonly random: Random;
  readonly take: () => Outcome[];
  readonly guarded: (state: GuardState) => void;
}

/** PolicyService's part: learn, plan, transfer, push. Returns a function that replans at once. */
function startPlanning(planning: PlanningOptions): () => void {
  const { options, agents, nodes, events, noise, replanMs, policyDelayMs, take } = planning;
  const { planner, world } = options;
  const monitors = planning.random.fork('monitors');
  const ledger = createTransferLedger({ ledgerId: 'ledger' });
  const guard = new AccuracyGuard();
  guard.observe(world);
  const joined = new Set<string>();
  let version = 0;

  /** A device that comes back opens a new account. */
  const keepBooks = () => {
    for (const { device } of agents) {
      if (device.present === joined.has(device.id)) continue;
      if (device.present) {
        joined.add(device.id);
        ledger.join(device.id);
      } else {
        joined.delete(device.id);
        ledger.leave(device.id);
      }
    }
  };

  const replan = () => {
    const outcomes = take();
    guard.learn(outcomes);
    const frames = outcomes.filter(({ auditProbability }) => auditProbability === undefined);
    if (frames.length > 0) planner.learn(frames);
    const observed = observeWorld({
      world,
      agents,
      nodes,
      now: events.now,
      calibrated: options.calibrated ?? true,
      noise,
      random: monitors,
    });
    const correction = options.guarded
      ? guard.correct({
          devices: observed.devices.map(({ deviceId }) => deviceId),
          attains: (each) => meetsFloor(correctedCell(observed.cell, each)),
        })
      : undefined;
    const observation: CellObservation = {
      ...observed,
      cell: correctedCell(observed.cell, correction?.plan),
    };
    planning.guarded({ at: events.now, ...guard.accuracy([]) });
    keepBooks();
    planner.observe(observation);
    const plan = planner.propose();
    const propensities = options.propensities ? planner.propensities?.() : new Map<string, number>();
    if (options.transfers ?? true) {
      for (const { device, dispatcher } of agents)
        ledger.report(device.id, dispatcher.status(events.now).balance);
      ledger.rebalance();
    }
    version++;
    for (const { device, dispatcher } of agents) {
      const planned = plan.placements.get(device.id);
      if (!planned || !device.present) continue;
      const secondLook = plan.secondLooks?.get(device.id);
      const thresholdMs = options.thresholdMs ?? plan.thresholdMs;
      const own = correction?.of(device.id);
      const actions = plan.actions.get(device.id) ?? [];
      const directive: Directive = {
        instanceId: 'run',
        version,
        leaseMs: 3 * replanMs,
        learner: planner.name,
        planned,
        ...(secondLook && thresholdMs === Infinity && { secondLook }),
        thresholdMs,
        explored: plan.explored,
        propensity: propensities ? (propensities.get(device.id) ?? 0) : plan.propensity,
        actions: own === correction?.plan ? actions : asCorrected(actions, observed.cell.variants, own),
        accuracyPriceMs: plan.accuracyPriceMs,
        objective: tightenObjective(world.objective, device.objective),
        ledger: ledger.ledgerOf(device.id),
        predictedMs: plan.predictedMs.get(device.id) ?? 0,
        ...(own && { correction: own }),
      };
      events.after(policyDelayMs, () => dispatcher.applyDirective(directive, events.now));
    }
  };

  const periodically = () => {
    replan();
    events.after(replanMs, periodically);
  };
  events.at(0, periodically);
  return replan;
}

/** Every device may run every variant. */
const meetsFloor = ({ variants, objective }: Cell): boolean =>
  bestVariant(variants).accuracy >= objective.accuracyFloor;

function startFrames(run: {
  options: AsyncRunOptions;
  agents: readonly AsyncAgent[];
  events: EventQueue;
  random: Random;
}): void {
  const { options, agents, events, random } = run;
  if (typeof options.arrivals !== 'string') return startGivenFrames(options.arrivals, agents, events);
  const { arrivals, load = 1 } = options;
  const shares = agents.reduce((sum, { device }) => sum + device.share, 0);
  const perMs = load * capacityPerMs(options.world);
  // Synchronised devices share one rate, or they would not stay synchronised.
  const rateOf = (share: number) =>
    arrivals === 'synchronised' ? perMs / agents.length : (perMs * share) / shares;
  for (const agent of agents) {
    const times = arrivalTimes(
      arrivals,
      1 / rateOf(agent.device.share),
      random.fork(`${agent.device.id}/frames`),
    );
    // The first second is the cell's start: agents calibrate and get their first directive.
    const next = () => {
      const at = 1_000 + (times.next().value as number);
      if (at >= options.durationMs) return;
      events.at(at, () => {
        agent.frame();
        next();
      });
    };
    next();
  }
}

function startGivenFrames(given: GivenArrivals, agents: readonly AsyncAgent[], events: EventQueue): void {
  for (const agent of agents) {
    const frames = given.get(agent.device.id) ?? [];
    const next = (index: number) => {
      const frame = frames[index];
      if (!frame) return;
      events.at(frame.atMs, () => {
        agent.frame(frame.certainty);
        next(index + 1);
      });
    };
    next(0);
  }
}

function summarise(
  answered: readonly AsyncFrame[],
  refused: number,
  floor: number,
  warmupMs: number,
): Omit<AsyncRunResult, 'guard'> {
  const counted = answered.filter(({ cameAt }) => cameAt >= warmupMs);
  const times = counted.map(({ responseMs }) => responseMs);
  let surplus = 0;
  let lowestSurplus = 0;
  let floorViolations = 0;
  for (const { promised } of answered) {
    surplus += promised - floor;
    lowestSurplus = Math.min(lowestSurplus, surplus);
    if (surplus < -1e-9) floorViolations++;
  }
  const shares = (key: (frame: AsyncFrame) => string) => {
    const counts: Record<string, number> = {};
    for (const frame of counted) counts[key(frame)] = (counts[key(frame)] ?? 0) + 1 / counted.length;
    return counts;
  };
  return {
    frames: counted.length,
    refused,
    meanMs: times.reduce((sum, ms) => sum + ms, 0) / times.length,
    p95Ms: percentile(times, 0.95),
    accuracy: counted.reduce((sum, { promised }) => sum + promised, 0) / counted.length,
    right: counted.filter(({ right }) => right).length / counted.length,
    secondLooks: counted.filter(({ second }) => second).length / counted.length,
    lowestSurplus,
    floorViolations,
    placements: shares(({ decision: { placement } }) => `${placement.tier}/${placement.variant}`),
    reasons: shares(({ decision: { reason } }) => reason),
    answered,
  };
}
