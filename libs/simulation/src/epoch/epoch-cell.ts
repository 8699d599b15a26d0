import type { Random } from '@weir/base';
import {
  type Cell,
  defaultObjective,
  type NodeLoad,
  type Outcome,
  type Placement,
  type PlannedLook,
  type Variant,
} from '@weir/domain';
import type { CellObservation, Probe } from '@weir/learning';
import { type Picture, type PictureModel, pictureModel } from '../arrivals/pictures.ts';
import type { DriftEvent } from './drift.ts';
import type { EpochCellOptions } from './epoch-cell-options.ts';
import { isWeak } from '../experiment.ts';
import { paperFamily } from '../family.ts';
import { localMs, profiles, remoteMs } from '../profile.ts';
import { countsOf, meanMsAmong, worthOf } from './second-looks.ts';

/** Result of one synchronous epoch. */
export interface EpochResult {
  /** One for each look of each device. */
  readonly outcomes: Outcome[];
  /** Shadow outcomes of the plan's probes. */
  readonly probes: Outcome[];
  /** Mean response time without noise, ms. */
  readonly expectedMs: number;
  /** Mean accuracy of the variants used, with what second looks gain. */
  readonly accuracy: number;
}

type Looks = ReadonlyMap<string, PlannedLook>;
const noLooks: Looks = new Map();

export const edgeId = 'edge';
export const cloudId = 'cloud';

/**
 * The paper's cell in virtual time: in every epoch all devices ask once, at the same moment. Remote nodes share their
 * cores among the requests there.
 */
export class EpochCell {
  readonly cell: Cell;
  readonly options: Required<
    Omit<EpochCellOptions, 'drift' | 'variants' | 'relativeWork' | 'looks' | 'calibrated'>
  >;
  /** Epochs run. */
  epoch = 0;
  readonly #random: Random;
  readonly #difficulties: Random;
  readonly #answers: PictureModel;
  readonly #drift: readonly DriftEvent[];
  readonly #weak: boolean[];
  readonly #slowness: number[];
  readonly #level: Record<string, number> = { [edgeId]: 0, [cloudId]: 0 };
  readonly #hidden: Record<string, number> = { [edgeId]: 0, [cloudId]: 0 };
  readonly #present: Record<string, boolean> = { [edgeId]: true, [cloudId]: true };
  readonly #byName: ReadonlyMap<string, Variant>;
  readonly #index: ReadonlyMap<string, number>;
  readonly #relativeWork: EpochCellOptions['relativeWork'];
  readonly #calibrations: readonly ReadonlyMap<string, number>[];

  constructor(random: Random, options: EpochCellOptions = {}) {
    const { drift = [], variants = paperFamily, relativeWork, looks, calibrated = false, ...rest } = options;
    this.options = {
      profile: 'contended',
      experiment: 'A',
      users: 5,
      floor: 0.89,
      noise: 0.05,
      background: 'none',
      heterogeneous: false,
      linksObserved: true,
      ...rest,
    };
    const { users, floor, experiment, heterogeneous, profile } = this.options;
    this.#random = random;
    this.#difficulties = random.fork('difficulties');
    this.#answers = pictureModel(variants, looks);
    this.#drift = drift;
    this.#byName = new Map(variants.map((variant) => [variant.name, variant]));
    const traits = random.fork('devices');
    this.#weak = Array.from({ length: users }, (_, index) => isWeak(experiment, index));
    this.#slowness = this.#weak.map(() => (heterogeneous ? 0.6 * 3 ** traits.uniform() : 1));
    const names = variants.map(({ name }) => name);
    this.cell = {
      id: 'simulated',
      devices: this.#weak.map((_, index) => {
        const id = `device-${index + 1}`;
        return {
          id,
          local: { id, tier: 'device', slots: 1, variants: names },
          ...(looks && { curves: looks.version }),
        };
      }),
      nodes: (['edge', 'cloud'] as const).map((tier) => ({
        id: tier,
        tier,
        slots: profiles[profile][tier].cores,
        variants: names,
      })),
      variants,
      ...(looks && { looks }),
      objective: { ...defaultObjective, accuracyFloor: floor },
    };
    this.#index = new Map(this.cell.devices.map(({ id }, index) => [id, index]));
    this.#relativeWork = relativeWork;
    this.#calibrations = this.#weak.map(
      (_, device) =>
        new Map(
          calibrated
            ? names.map((variant) => [
                variant,
                this.#parts(device, 'device', variant, 1).computeMs * this.#noise(),
              ])
            : [],
        ),
    );
    this.#happen();
    if (this.options.background === 'walk')
      for (const id of [edgeId, cloudId]) this.#level[id] = random.integer(9);
  }

  /** What a learner observes now. */
  observation(): CellObservation {
    return {
      at: this.epoch * 1000,
      cell: this.cell,
      devices: this.cell.devices.map(({ id }, index) => ({
        deviceId: id,
        links: [edgeId, cloudId].map((nodeId) => ({
          nodeId,
          reachable: this.#present[nodeId]!,
          roundTripMs: 0,
          class: this.options.linksObserved && this.#weak[index] ? ('weak' as const) : ('regular' as const),
          services: new Map<string, number>(),
        })),
        calibration: this.#calibrations[index]!,
        framesPerSecond: 0,
        balance: 0,
      })),
      loads: [edgeId, cloudId].map((nodeId): NodeLoad => {
        const slots = profiles[this.options.profile][nodeId as 'edge' | 'cloud'].cores;
        const load = this.#level[nodeId]! / 8;
        const busy = { inService: Math.round(load * slots), queued: 0, backlogMs: 0, meanBacklogMs: 0 };
        return { nodeId, slots, ...busy, congestionPerMs: 0, utilization: load };
      }),
    };
  }

  /** Response time of one device without noise, ms, with `count` devices of the cell on its node. */
  responseMs(device: number, { tier, variant }: Placement, count: number): number {
    const parts = this.#parts(device, tier, variant, count);
    return parts.networkMs + parts.computeMs;
  }

  /** Mean response time of a joint placement without noise, ms. */
  expectedMs(placements: ReadonlyMap<string, Placement>, looks: Looks = noLooks): number {
    const worth = this.#worths(placements, looks);
    return meanMsAmong({ placements, looks, worth }, (id, placement, count) =>
      this.responseMs(this.#index.get(id)!, placement, count),
    );
  }

  /** Mean accuracy of the variants of a joint placement, with what second looks gain. */
  accuracy(placements: ReadonlyMap<string, Placement>, looks: Looks = noLooks): number {
    const worth = this.#worths(placements, looks);
    let sum = 0;
    for (const [id, { variant }] of placements)
      sum += this.#byName.get(variant)!.accuracy + (worth.get(id)?.gain ?? 0);
    return sum / placements.size;
  }

  /**
   * Runs one joint placement and the probes beside it, then advances to the next epoch. Chance says which frames are
   * looked at again; they meet all others of their node.
   */
  run(
    placements: ReadonlyMap<string, Placement>,
    probes: readonly Probe[] = [],
    looks: Looks = noLooks,
  ): EpochResult {
    const worth = this.#worths(placements, looks);
    const pictures = new Map([...looks.keys()].map((id) => [id, this.#picture()]));
    const unsure = new Map([...looks].filter(([id]) => pictures.get(id)!.certainty < worth.get(id)!.share));
    const counts = countsOf(placements);
    for (const { placement } of unsure.values())
      counts.set(placement.nodeId, (counts.get(placement.nodeId) ?? 0) + 1);
    const outcome = (deviceId: string, placement: Placement, count: number, shadow: boolean): Outcome => {
      const parts = this.#parts(this.#index.get(deviceId)!, placement.tier, placement.variant, count);
      const computeMs = parts.computeMs * this.#noise();
      const networkMs = parts.networkMs * this.#noise();
      return {
        deviceId,
        placement,
        planVersion: 0,
        reason: 'planned',
        at: this.epoch * 1000,
        hops: {
          agentMs: 0,
          uplinkMs: networkMs / 2,
          queueMs: 0,
          decodeMs: 0,
          computeMs,
          downlinkMs: networkMs / 2,
        },
        responseMs: computeMs + networkMs,
        predictedMs: 0,
        energyJ: 0,
        accuracy: this.#byName.get(placement.variant)!.accuracy,
        margin: 0,
        concurrency: placement.tier === 'device' ? 0 : count - 1,
        batchSize: 1,
        // Whoever ran the placements did not say how they were chosen.
        propensity: 0,
        ...(shadow && { shadow }),
      };
    };
    const result: EpochResult = {
      outcomes: this.cell.devices.flatMap(({ id }): Outcome[] => {
        const placement = placements.get(id)!;
        const first = outcome(id, placement, counts.get(placement.nodeId)!, false);
        const again = unsure.get(id);
        if (!again) return [first];
        const second = outcome(id, again.placement, counts.get(again.placement.nodeId)!, false);
        const { margin, agreed } = this.#answers.compared(
          pictures.get(id)!,
          placement.variant,
          again.placement.variant,
        );
        return [
          { ...first, margin, lookedAgain: true },
          { ...second, reason: 'unsure', firstLook: { placement, margin, agreed } },
        ];
      }),
      probes: probes
        .filter(({ placement: { nodeId } }) => this.#present[nodeId] ?? true)
        .map(({ deviceId, placement }) =>
          outcome(
            deviceId,
            placement,
            placement.tier === 'device' ? 1 : (counts.get(placement.nodeId) ?? 0) + 1,
            true,
          ),
        ),
      expectedMs: this.expectedMs(placements, looks),
      accuracy: this.accuracy(placements, looks),
    };
    this.epoch++;
    this.#happen();
    if (this.options.background === 'walk') this.#walk();
    return result;
  }

  /** Identifies everything that the costs depend on now, drift included; for caching the optimum. */
  contextKey(): string {
    return JSON.stringify([this.#level, this.#hidden, this.#weak, this.#slowness, this.#present]);
  }

  #parts(device: number, tier: Placement['tier'], variantName: string, count: number) {
    const profile = profiles[this.options.profile];
    const variant = this.#byName.get(variantName)!;
    const work = this.#relativeWork?.get(variantName);
    if (tier === 'device')
      return { networkMs: 0, computeMs: localMs(profile, variant, this.#slowness[device]!, work) };
    const { networkMs, cores } = profile[tier];
    const others = (this.#level[tier]! / 8) * cores + this.#hidden[tier]!;
    return {
      networkMs: networkMs + (this.#weak[device] ? profile.weakMs : 0),
      computeMs: remoteMs(profile, tier, variant, count + others, work),
    };
  }

  #worths(placements: ReadonlyMap<string, Placement>, looks: Looks) {
    return new Map([...looks].map(([id, look]) => [id, worthOf(this.cell.looks, placements.get(id)!, look)]));
  }

  #picture(): Picture {
    return { certainty: this.#random.uniform(), difficulty: this.#difficulties.uniform() };
  }

  #noise(): number {
    const { noise } = this.options;
    return noise > 0 ? Math.exp(noise * this.#random.normal() - (noise * noise) / 2) : 1;
  }

  #walk(): void {
    for (const id of [edgeId, cloudId]) {
      const draw = this.#random.uniform();
      const step = draw < 0.15 ? -1 : draw < 0.3 ? 1 : 0;
      this.#level[id] = Math.min(8, Math.max(0, this.#level[id]! + step));
    }
  }

  #happen(): void {
    for (const event of this.#drift) {
      if (event.atInteraction !== this.epoch) continue;
      if (event.kind === 'link') this.#weak[event.device] = event.weak;
      else if (event.kind === 'hidden-load') this.#hidden[event.node] = event.requests;
      else if (event.kind === 'device-speed') this.#slowness[event.device] = event.slowness;
      else this.#present[event.node] = event.present;
    }
  }
}
