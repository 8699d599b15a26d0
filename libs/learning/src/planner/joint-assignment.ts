import { countsOf, sameAssignment } from '../solver/assignment.ts';
import type { Assignment } from '../solver/problem.ts';

/** How a device looks again at the frames that its own processor was least sure of. */
export interface SecondLook {
  /** Index of the variant that looks again. */
  readonly variant: number;
  /** Node index; -1: the device's own processor. */
  readonly target: number;
  readonly marginBelow: number;
  /** Share of the frames that are looked at again, 0..1. */
  readonly share: number;
  /** Accuracy that it adds, a fraction. */
  readonly gain: number;
}

/** Who runs where, and who looks again where. */
export interface JointAssignment extends Assignment {
  /** By device; absent: no frame is looked at twice. `targets` and `variants` are those of the first looks. */
  readonly looks?: readonly (SecondLook | undefined)[];
}

/** What an assignment has one device do. */
export interface DeviceChoice {
  /** Node index; -1: its own processor. */
  readonly target: number;
  /** Of the first look. */
  readonly variant: number;
  readonly look: SecondLook | undefined;
}

/** What the cell brings to each node. */
export interface Presence {
  /** Devices whose frames go there. */
  readonly devices: Int32Array;
  /** Second looks there, in frames of an average device. */
  readonly looks: Float64Array;
}

/** `shares`: frames of each device, relative to an average one's. */
export function presenceOf(
  assignment: JointAssignment,
  { nodes, shares }: { readonly nodes: number; readonly shares: readonly number[] },
): Presence {
  const looks = new Float64Array(nodes);
  assignment.looks?.forEach((look, device) => {
    if (look && look.target >= 0) looks[look.target]! += look.share * shares[device]!;
  });
  return { devices: countsOf(assignment, nodes), looks };
}

export const sameJointAssignment = (a: JointAssignment, b: JointAssignment): boolean =>
  sameAssignment(a, b) && a.targets.every((_, device) => sameLook(a.looks?.[device], b.looks?.[device]));

const sameLook = (a: SecondLook | undefined, b: SecondLook | undefined): boolean =>
  a?.variant === b?.variant && a?.target === b?.target && a?.marginBelow === b?.marginBelow;
