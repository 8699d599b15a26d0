import { Violations } from '@weir/base';
import type { FamilyIdentity, ServiceFigure, TensorSpec, Variant } from '@weir/domain';
import { common, type policy, type worker } from '@weir/proto';
import { comparedFromWire, familyFromWire } from './family.ts';
import { type Received, usableEntries } from './left-out.ts';
import { limits } from './limits.ts';
import { dataTypeToWire, tensorSpecToWire } from './tensors.ts';

/** A variant as the manifest of its family describes it. */
export interface ServedVariant {
  readonly name: string;
  readonly architecture: string;
  readonly width?: number | undefined;
  readonly precision: string;
  readonly macs?: number | undefined;
  /** Expected, 0..1, and what it is a measure of, e.g. `top-1`. */
  readonly accuracy: number;
  readonly accuracyMeasure: string;
  readonly task: 'classification' | 'tensor';
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Of a classifier. */
  readonly picture?:
    | { readonly shape: readonly number[]; readonly layout: string; readonly dtype: 'uint8' | 'float32' }
    | undefined;
}

export const variantToWire = ({
  name,
  macs,
  precision,
  accuracy,
  checksum = '',
}: Variant): policy.Variant => ({
  name,
  macs,
  precision,
  accuracy,
  checksum,
});

/** The usable variants, no two of one name. */
export const variantsFromWire = (
  variants: readonly policy.Variant[],
  field: string,
  told: Violations,
): Variant[] =>
  usableEntries<policy.Variant, Variant>(variants, field, {
    told,
    limit: limits.variants,
    keyOf: ({ name }) => name,
    convert({ name, macs, precision, accuracy, checksum: claimed }, at, faults) {
      faults.id(name, `${at}.name`);
      faults.number(macs, `${at}.macs`, { above: true, max: limits.macs });
      faults.number(accuracy, `${at}.accuracy`, { max: 1 });
      const known = precision === 'fp32' || precision === 'int8';
      faults.check(known, `${at}.precision`, 'expected "fp32" or "int8"');
      const checksum = comparedFromWire(claimed, `${at}.checksum`, told);
      return {
        name,
        macs,
        precision: known ? precision : 'fp32',
        accuracy,
        ...(checksum !== undefined && { checksum }),
      };
    },
  });

export const servedVariantToWire = (
  { name, architecture, width, precision, macs, picture, inputs, outputs, ...served }: ServedVariant,
  {
    figure,
    checksum = '',
    canaryOf = '',
  }: {
    readonly figure?: ServiceFigure | undefined;
    readonly checksum?: string | undefined;
    readonly canaryOf?: string | undefined;
  },
): worker.VariantInfo => ({
  name,
  architecture,
  width: width ?? 0,
  precision,
  macs: macs ?? 0,
  accuracy: served.accuracy,
  accuracyMeasure: served.accuracyMeasure,
  task: served.task,
  inputs: inputs.map(tensorSpecToWire),
  outputs: outputs.map(tensorSpecToWire),
  inputShape: picture?.shape.slice(1) ?? [],
  inputLayout: picture?.layout ?? '',
  inputType: picture ? dataTypeToWire(picture.dtype) : common.DataType.UNSPECIFIED,
  serviceMs: figure?.serviceMs ?? 0,
  energyJ: figure?.energyJ ?? 0,
  checksum,
  canaryOf,
});

/** What a worker says that it serves. */
export interface Listing {
  readonly variants: readonly Variant[];
  /** Absent when it does not say. */
  readonly family?: FamilyIdentity;
  /** Empty when it does not say. */
  readonly labels: readonly string[];
  /** This run of the worker; absent when it does not say. */
  readonly instanceId?: string;
  /** Those of the variants that stand in for others as canaries. @default none */
  readonly canaries?: ReadonlySet<string>;
}

/**
 * A manifest may leave out how much work a variant is, 0 on the wire: the order of sizes is then unknown, and all such
 * variants count alike.
 */
export function listingFromWire(wire: worker.ListVariantsResponse): Received<Listing> {
  const told = new Violations();
  const infos = wire.variants.map((info) => ({ ...info, macs: info.macs === 0 ? 1 : info.macs }));
  const canaries = new Set(infos.flatMap(({ name, canaryOf }) => (canaryOf === '' ? [] : name)));
  const family = familyFromWire(wire.family, 'family', told);
  const instanceId = comparedFromWire(wire.instanceId, 'instance_id', told);
  const value = {
    variants: variantsFromWire(infos, 'variants', told),
    labels: wire.labels,
    ...(family && { family }),
    ...(instanceId !== undefined && { instanceId }),
    ...(canaries.size > 0 && { canaries }),
  };
  return { value, leftOut: told.found };
}
