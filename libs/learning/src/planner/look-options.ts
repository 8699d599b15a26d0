import type { Cell } from '@weir/domain';
import type { OpenActions } from '../actions.ts';
import type { Assignment, LocalOption } from '../solver/problem.ts';
import { exactDevices } from '../solver/solve.ts';
import type { DeviceCosts, TimeCost } from './device-costs.ts';
import type { DeviceChoice, JointAssignment, Presence, SecondLook } from './joint-assignment.ts';
import type { NodeTimes } from './node-times.ts';
import { lowerHull, undominated } from './option-front.ts';

/** Options on a device's own processor that the solver of a large cell is given. */
const mostOptions = 12;
/** Rounds in which second looks make way for each other. */
const spreadRounds = 2;
/** Share of the frames that are looked at again, about: for what a device's own second looks add to a queue. */
const typicalShare = 0.25;

export interface LookOptionsInput {
  readonly cell: Cell;
  readonly actions: readonly OpenActions[];
  /** What places cost each device. */
  readonly own: readonly DeviceCosts[];
  readonly times: NodeTimes;
  /** Frames of each device, relative to an average one's. */
  readonly shares: readonly number[];
  readonly asynchronous: boolean;
}

/** Second looks as options of the devices' own processors. Costs are by the device's share of the frames. */
export interface LookOptions {
  /** Whether any device may look at a frame again. */
  readonly any: boolean;
  /**
   * The options on a device's own processor with those that look again, each where that is cheapest now; without the
   * pointless ones, and in large cells a few of them. The same list where the device looks once.
   */
  added(options: LocalOption[], device: number, crowd: Crowd | undefined): LocalOption[];
  /** What the solver says of these options; second looks then make way for each other. */
  read(solution: Assignment, presenceOf: (assignment: JointAssignment) => Presence): JointAssignment;
  /** What options of a device's own processor mean. */
  choices(device: number, options: readonly LocalOption[]): DeviceChoice[];
  /** A second look at each other place. */
  elsewhere(device: number, look: SecondLook): SecondLook[];
  /** Cost of a device that looks first with that variant; Infinity when its frames would come too late. */
  costAmong(device: number, first: number, look: SecondLook, presence: Presence): number;
  /** Mean response time, ms. */
  responseMs(device: number, first: number, look: SecondLook, presence: Presence): number;
}

/** An assignment and what it brings to each node. */
export interface Crowd {
  readonly assignment: JointAssignment;
  readonly presence: Presence;
}

/** Looks first with that variant, and again. */
interface Composite {
  readonly first: number;
  readonly look: Omit<SecondLook, 'target'>;
}

/** A place with what it costs there. */
interface Place extends TimeCost {
  readonly target: number;
}

export function lookOptions(input: LookOptionsInput): LookOptions {
  const { cell, actions, own, times, shares, asynchronous } = input;
  const any = cell.looks !== undefined && actions.some(({ firstLooks }) => firstLooks.length > 0);
  /** What the indices beyond the cell's variants stand for. */
  const composites = any ? compositesOf(cell) : [];
  /** Where a second look is cheapest, [device][variant]. */
  const cheapestAt: (readonly (Place | undefined)[])[] = [];

  /** A second look's own weight at its node. */
  const weightOf = (device: number, share: number) => share * shares[device]!;
  /**
   * How many are at a node when a second look comes: in an epoch it is one more than those whom it meets, in a living cell
   * only its own frames are added to theirs.
   */
  const countFor = (device: number, share: number, others: number) =>
    others + (asynchronous ? weightOf(device, share) : 1);
  const at = (device: number, target: number, variant: number, count: number): TimeCost =>
    target < 0
      ? own[device]!.local(variant)
      : own[device]!.remote(target, variant, times(target, variant, count));

  const cheapest = (
    device: number,
    { variant, share }: { readonly variant: number; readonly share: number },
    places: readonly number[],
    othersAt: (target: number) => number,
  ): Place | undefined => {
    let best: Place | undefined;
    for (const target of places) {
      const count = target < 0 ? 0 : countFor(device, share, othersAt(target));
      const { ms, cost } = at(device, target, variant, count);
      if (cost < (best?.cost ?? Infinity)) best = { target, ms, cost };
    }
    return best;
  };

  const costOf = (device: number, first: number, share: number, again: TimeCost): number => {
    const before = own[device]!.local(first);
    if (before.ms + again.ms > actions[device]!.objective.deadlineMs) return Infinity;
    return shares[device]! * (before.cost + share * again.cost);
  };

  const placed = (device: number, option: number): { first: number; look: SecondLook } | undefined => {
    const composite = composites[option - cell.variants.length];
    const target = composite && cheapestAt[device]?.[composite.look.variant]?.target;
    return target === undefined
      ? undefined
      : { first: composite!.first, look: { ...composite!.look, target } };
  };

  /** A second look among those that are there. */
  const among = (device: number, { target, variant, share }: SecondLook, presence: Presence): TimeCost => {
    if (target < 0) return own[device]!.local(variant);
    const others = presence.devices[target]! + presence.looks[target]! - weightOf(device, share);
    return at(device, target, variant, countFor(device, share, others));
  };

  /** Second looks one after the other where they are cheapest now that the others are where they are. */
  function spread(assignment: JointAssignment, { devices, looks: present }: Presence): JointAssignment {
    const looks = [...assignment.looks!];
    const move = (target: number, weight: number) => {
      if (target >= 0) present[target]! += weight;
    };
    for (let round = 0; round < spreadRounds; round++)
      looks.forEach((look, device) => {
        if (!look) return;
        const weight = weightOf(device, look.share);
        move(look.target, -weight);
        const places = [look.target, ...own[device]!.places(look.variant)];
        const best = cheapest(device, look, places, (target) => devices[target]! + present[target]!);
        const target = best?.target ?? look.target;
        if (target !== look.target) looks[device] = { ...look, target };
        move(target, weight);
      });
    return { ...assignment, looks };
  }

  return {
    any,
    added(options, device, crowd) {
      const { firstLooks, ownFloor, objective } = actions[device]!;
      if (!any || firstLooks.length === 0) return options;
      const before = crowd?.assignment.looks?.[device];
      const othersAt = (target: number): number => {
        if (!crowd) return 0;
        const { devices, looks } = crowd.presence;
        const self = crowd.assignment.targets[device] === target ? 1 : 0;
        const again = before?.target === target ? weightOf(device, before.share) : 0;
        return devices[target]! - self + looks[target]! - again;
      };
      const places = cell.variants.map((_, variant) =>
        cheapest(device, { variant, share: typicalShare }, own[device]!.places(variant), othersAt),
      );
      cheapestAt[device] = places;
      const mayLookFirst = cell.variants.map((variant) => firstLooks.includes(variant));
      const floor = cell.objective.accuracyFloor;
      const all: LocalOption[] = [...options];
      composites.forEach(({ first, look }, option) => {
        const place = places[look.variant];
        const accuracy = cell.variants[first]!.accuracy + look.gain;
        if (!place || !mayLookFirst[first] || (ownFloor && accuracy < objective.accuracyFloor - 1e-9)) return;
        all.push({
          variant: cell.variants.length + option,
          cost: costOf(device, first, look.share, place),
          surplus: ownFloor ? 0 : shares[device]! * (accuracy - floor),
        });
      });
      return actions.length > exactDevices ? lowerHull(all, mostOptions) : undominated(all);
    },
    read(solution, presenceOf) {
      const chosen = [...solution.variants].map((option, device) =>
        solution.targets[device]! < 0 ? placed(device, option) : undefined,
      );
      if (!chosen.some(Boolean)) return solution;
      const assignment = {
        ...solution,
        variants: solution.variants.map((variant, device) => chosen[device]?.first ?? variant),
        looks: chosen.map((composite) => composite?.look),
      };
      return spread(assignment, presenceOf(assignment));
    },
    choices: (device, options) =>
      options.map(({ variant }) => {
        const composite = placed(device, variant);
        return { target: -1, variant: composite?.first ?? variant, look: composite?.look };
      }),
    elsewhere: (device, look) =>
      own[device]!.places(look.variant)
        .filter((target) => target !== look.target)
        .map((target) => ({ ...look, target })),
    costAmong: (device, first, look, presence) =>
      costOf(device, first, look.share, among(device, look, presence)),
    responseMs: (device, first, look, presence) =>
      own[device]!.local(first).ms + look.share * among(device, look, presence).ms,
  };
}

/** All steps of the curves between variants that the cell knows. */
function compositesOf({ looks, variants }: Cell): Composite[] {
  const index = new Map(variants.map(({ name }, at) => [name, at]));
  return (looks?.curves ?? []).flatMap(({ first, second, steps }) => {
    const [a, b] = [index.get(first), index.get(second)];
    if (a === undefined || b === undefined) return [];
    return steps.map(({ marginBelow, share, gain }) => ({
      first: a,
      look: { variant: b, marginBelow, share, gain },
    }));
  });
}
