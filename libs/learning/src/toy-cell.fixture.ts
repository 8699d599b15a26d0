import type { Random } from '@weir/base';
import {
  defaultObjective,
  type LookCurves,
  type NodeLoad,
  type Objective,
  type Placement,
  type PlannedLook,
  type Tier,
  type Variant,
  type Outcome,
} from '@weir/domain';
import { openActions } from './actions.ts';
import type { CellObservation, Probe } from './learner.ts';
import type { AssignmentProblem } from './solver/problem.ts';
import { solveSmall } from './solver/small.ts';

export interface ToyOptions {
  /** @default 3 */
  readonly users?: number;
  readonly floor: number;
  readonly calibrated?: boolean;
  readonly framesPerSecond?: number;
  readonly allowedTiers?: readonly Tier[];
  /** What second looks buy, to every device. @default nobody knows of any */
  readonly looks?: LookCurves;
  /** What each device asks for itself, by number from 1. */
  readonly asks?: Readonly<Record<number, Partial<Objective>>>;
  /** @default 2 */
  readonly maxLooks?: number;
}

const variants: readonly Variant[] = [
  { name: 'large', macs: 500e6, precision: 'fp32', accuracy: 0.9 },
  { name: 'medium', macs: 250e6, precision: 'fp32', accuracy: 0.86 },
  { name: 'small', macs: 50e6, precision: 'int8', accuracy: 0.75 },
];
const localMs: Readonly<Record<string, number>> = { large: 300, medium: 155, small: 30 };
const remoteMs: Readonly<Record<string, number>> = { large: 60, medium: 32, small: 9 };
const networkMs: Readonly<Record<string, number>> = { edge: 30, cloud: 90 };

/** The edge as it reports itself at this utilization. */
export const edgeLoad = (utilization: number): NodeLoad => ({
  nodeId: 'edge',
  slots: 1,
  inService: 0,
  queued: 0,
  backlogMs: 0,
  meanBacklogMs: 0,
  congestionPerMs: 0,
  utilization,
});

/** A tiny synchronous cell with costs that a person can check: one edge and one cloud that share their one slot. */
export class ToyCell {
  users: number;
  edgeSlowness = 1;
  /** Relative noise of the nodes' benchmarks, which then come anew in each epoch; undefined: those of the start. */
  benchmarkNoise: number | undefined;
  readonly #random: Random;
  readonly #options: ToyOptions;
  #epoch = 0;

  constructor(random: Random, options: ToyOptions) {
    this.#random = random;
    this.#options = options;
    this.users = options.users ?? 3;
  }

  observation(): CellObservation {
    const {
      floor,
      calibrated,
      framesPerSecond = 0,
      allowedTiers = defaultObjective.allowedTiers,
      looks,
      asks,
      maxLooks = 2,
    } = this.#options;
    const names = variants.map(({ name }) => name);
    const ids = Array.from({ length: this.users }, (_, index) => `device-${index + 1}`);
    const services = (times: Readonly<Record<string, number>>) =>
      new Map(calibrated ? Object.entries(times) : []);
    const benchmarks = new Map(
      ['edge', 'cloud'].map((nodeId) => [nodeId, services(this.#benchmarked(nodeId))] as const),
    );
    return {
      at: this.#epoch * 1_000,
      cell: {
        id: 'toy',
        devices: ids.map((id, at) => ({
          id,
          local: { id, tier: 'device', slots: 1, variants: names },
          ...(looks && { curves: looks.version }),
          ...(asks?.[at + 1] && { objective: asks[at + 1]! }),
        })),
        nodes: (['edge', 'cloud'] as const).map((id) => ({ id, tier: id, slots: 1, variants: names })),
        variants,
        ...(looks && { looks }),
        objective: { ...defaultObjective, accuracyFloor: floor, allowedTiers, maxLooks },
      },
      devices: ids.map((deviceId) => ({
        deviceId,
        links: ['edge', 'cloud'].map((nodeId) => ({
          nodeId,
          reachable: true,
          roundTripMs: calibrated ? networkMs[nodeId]! : 0,
          class: 'regular',
          services: benchmarks.get(nodeId)!,
        })),
        calibration: services(localMs),
        framesPerSecond,
        balance: 0,
      })),
      loads: [],
    };
  }

  #benchmarked(nodeId: string): Readonly<Record<string, number>> {
    const noise = this.benchmarkNoise;
    if (noise === undefined) return remoteMs;
    const slowness = nodeId === 'edge' ? this.edgeSlowness : 1;
    return Object.fromEntries(
      Object.entries(remoteMs).map(([name, ms]) => [
        name,
        ms * slowness * (1 + noise * this.#random.normal()),
      ]),
    );
  }

  /** ms without noise. */
  costMs({ tier, variant }: Placement, count: number): number {
    if (tier === 'device') return localMs[variant]!;
    return networkMs[tier]! + this.#computeMs(tier, variant, count);
  }

  /** Second looks meet all others at their node; times are linear in how many those are. */
  expectedMs(
    placements: ReadonlyMap<string, Placement>,
    looks: ReadonlyMap<string, PlannedLook> = new Map(),
  ): number {
    let sum = 0;
    const unsure = [...looks].map(([id, look]) => ({
      id,
      look,
      share: this.#step(placements, id, look).share,
    }));
    const again = (nodeId: string, but?: string) =>
      unsure.reduce(
        (frames, { id, look, share }) =>
          frames + (look.placement.nodeId === nodeId && id !== but ? share : 0),
        0,
      );
    for (const placement of placements.values())
      sum += this.costMs(placement, countAt(placements, placement.nodeId) + again(placement.nodeId));
    for (const { id, look, share } of unsure) {
      const { nodeId } = look.placement;
      sum += share * this.costMs(look.placement, 1 + countAt(placements, nodeId) + again(nodeId, id));
    }
    return sum / placements.size;
  }

  accuracy(
    placements: ReadonlyMap<string, Placement>,
    looks: ReadonlyMap<string, PlannedLook> = new Map(),
  ): number {
    let sum = 0;
    for (const { variant } of placements.values())
      sum += variants.find(({ name }) => name === variant)!.accuracy;
    for (const [id, look] of looks) sum += this.#step(placements, id, look).gain;
    return sum / placements.size;
  }

  #step(placements: ReadonlyMap<string, Placement>, deviceId: string, look: PlannedLook) {
    return this.#options
      .looks!.curves.find(
        ({ first, second }) =>
          first === placements.get(deviceId)!.variant && second === look.placement.variant,
      )!
      .steps.find(({ marginBelow }) => marginBelow === look.marginBelow)!;
  }

  trueProblem(): AssignmentProblem {
    const observation = this.observation();
    const n = this.users;
    const floor = this.#options.floor;
    const actions = openActions(observation, 'full');
    return {
      local: actions.map(({ local }) =>
        local.map(({ name, accuracy }) => ({
          variant: variants.findIndex((variant) => variant.name === name),
          cost: localMs[name]!,
          surplus: accuracy - floor,
        })),
      ),
      nodes: (['edge', 'cloud'] as const).map((tier) => {
        const ms = new Float64Array(variants.length * (n + 1));
        variants.forEach(({ name }, v) => {
          for (let k = 1; k <= n; k++) ms[v * (n + 1) + k] = this.#computeMs(tier, name, k);
        });
        return { capacity: n, ms };
      }),
      remote: actions.map(() =>
        ['edge', 'cloud'].map((tier) => ({
          offset: networkMs[tier]!,
          weight: 1,
          limitMs: Infinity,
          options: variants.map(({ accuracy }, variant) => ({
            variant,
            surplus: accuracy - floor,
            extra: 0,
          })),
        })),
      ),
    };
  }

  optimumMs(): number {
    return solveSmall(this.trueProblem())!.cost / this.users;
  }

  run(
    placements: ReadonlyMap<string, Placement>,
    probes: readonly Probe[] = [],
    looks: ReadonlyMap<string, PlannedLook> = new Map(),
  ): Outcome[] {
    const unsure = new Map(
      [...looks].filter(([id, look]) => this.#random.uniform() < this.#step(placements, id, look).share),
    );
    const again = [...unsure].map(([id, { placement }]) => [`${id} again`, placement] as const);
    const countAtNode = (nodeId: string) => countAt(new Map([...placements, ...again]), nodeId);
    const outcome = (deviceId: string, placement: Placement, count: number, shadow: boolean): Outcome => {
      const noise = () => Math.exp(0.05 * this.#random.normal());
      const local = placement.tier === 'device';
      const network = local ? 0 : networkMs[placement.tier]! * noise();
      const compute =
        noise() *
        (local ? localMs[placement.variant]! : this.#computeMs(placement.tier, placement.variant, count));
      return {
        deviceId,
        placement,
        planVersion: this.#epoch,
        reason: 'planned',
        at: this.#epoch * 1_000,
        hops: {
          agentMs: 0,
          uplinkMs: network / 2,
          queueMs: 0,
          decodeMs: 0,
          computeMs: compute,
          downlinkMs: network / 2,
        },
        responseMs: network + compute,
        predictedMs: 0,
        energyJ: 0,
        accuracy: variants.find(({ name }) => name === placement.variant)!.accuracy,
        margin: 0,
        concurrency: local ? 0 : count - 1,
        propensity: 1,
        ...(shadow && { shadow }),
      };
    };
    this.#epoch++;
    return [
      ...[...placements].flatMap(([id, placement]): Outcome[] => {
        const first = outcome(id, placement, countAtNode(placement.nodeId), false);
        const look = unsure.get(id);
        if (!look) return [first];
        const firstLook = { placement, margin: 0, agreed: false };
        const second = outcome(id, look.placement, countAtNode(look.placement.nodeId), false);
        return [
          { ...first, lookedAgain: true },
          { ...second, reason: 'unsure', firstLook },
        ];
      }),
      ...probes.map(({ deviceId, placement }) =>
        outcome(deviceId, placement, countAtNode(placement.nodeId) + 1, true),
      ),
    ];
  }

  #computeMs(tier: string, variant: string, count: number): number {
    return remoteMs[variant]! * count * (tier === 'edge' ? this.edgeSlowness : 1);
  }
}

const countAt = (placements: ReadonlyMap<string, Placement>, nodeId: string): number =>
  [...placements.values()].filter((placement) => placement.nodeId === nodeId).length;
