import { InvalidInput } from '@weir/base';
import { type Family, type IdentifiedFamily, type VariantEntry } from '@weir/inference';
import type { InterfaceNames, RemoteModel } from '@weir/oip';
import type { OipServing } from '@weir/wire';

/** A variant of the device's family, and the model that is to be it at a server. */
export interface MappedModel {
  readonly variant: VariantEntry;
  /** Of the device's family. */
  readonly labels: readonly string[];
  readonly model: RemoteModel;
  /** Of what the variant answers by. */
  readonly checksum: string;
  /** False where nobody has said that the server has it. */
  readonly named: boolean;
}

/** The same, once the server has been asked and has been found to answer. */
export interface ServedModel extends MappedModel {
  readonly names: InterfaceNames;
  /** Inferences at once, as the server says; undefined where it does not. */
  readonly instances: number | undefined;
}

/**
 * The models that a target is to serve. Variants may be named by their ends, `0.50-int8` for `mobilenet-v1-0.50-int8`, where that
 * is clear. Throws InvalidInput (field `targets`) for variants that the family lacks; `lenient`: leaves them out, as a
 * family may have lost them meanwhile.
 */
export function mapModels(
  nodeId: string,
  { models }: OipServing,
  { family, identity }: { family: Pick<Family, 'name' | 'labels' | 'variants'>; identity: IdentifiedFamily },
  { lenient = false }: { lenient?: boolean } = {},
): readonly MappedModel[] {
  const mapped = (variant: VariantEntry, model: RemoteModel, named: boolean): MappedModel => ({
    variant,
    labels: family.labels,
    model,
    checksum: identity.checksums.get(variant.name) ?? '',
    named,
  });
  if (!models)
    return family.variants.map((variant) => mapped(variant, { name: variant.name, version: '' }, false));
  const known = family.variants.map(({ name }) => name).join(', ');
  const faults: string[] = [];
  const found = [...models].flatMap(([name, model]) => {
    const [variant, ...others] = variantsCalled(name, family.variants);
    if (variant && others.length === 0) return [mapped(variant, model, true)];
    faults.push(
      variant
        ? `${name} may be ${[variant, ...others].map((each) => each.name).join(' or ')}`
        : `the family ${family.name} has no variant ${name}; it has ${known}`,
    );
    return [];
  });
  const twice = found.find(({ variant }, at) => found.findIndex((other) => other.variant === variant) !== at);
  if (twice) faults.push(`${twice.variant.name} is mapped twice`);
  if (faults.length > 0 && !lenient)
    throw new InvalidInput(faults.map((fault) => ({ field: 'targets', description: `${nodeId}: ${fault}` })));
  return found;
}

function variantsCalled(name: string, variants: readonly VariantEntry[]): readonly VariantEntry[] {
  const exact = variants.find((variant) => variant.name === name);
  return exact ? [exact] : variants.filter((variant) => variant.name.endsWith(`-${name}`));
}
