import { FailedPrecondition, InvalidInput, NotFound } from '@weir/base';
import { basename, dirname, join, resolve } from 'node:path';
import { lockFamily, type LockOptions } from './import/family-lock.ts';
import { readAnyFamily } from './import/read-family.ts';
import { openStaging, withReason } from './import/staging.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import { manifestText } from './manifest-text.ts';
import { canariesOf, inService, type Stage } from './stages.ts';

type Entry = Manifest['variants'][number];

/** A variant and where it stands; `stage` absent: in service. */
export interface StagedVariant {
  readonly name: string;
  readonly stage?: Stage | undefined;
}

/** A family after a change. */
export interface ChangedFamily {
  /** Path of its manifest. */
  readonly manifest: string;
  readonly variants: readonly StagedVariant[];
  readonly pinned?: string | undefined;
}

/** Gives a family with a variant moved. @throws InvalidInput, NotFound or FailedPrecondition, naming the cure */
export type StageChange = (manifest: Manifest) => Manifest;

/**
 * Changes which variants of a family serve, under its lock and by renaming; whoever serves the family takes it up.
 * @throws NotFound without a family, what `change` throws, and as `lockFamily` and `withReason` do
 */
export async function changeStages(
  models: string,
  change: StageChange,
  lock: LockOptions = {},
): Promise<ChangedFamily> {
  const directory = directoryOf(models);
  const file = join(directory, 'manifest.json');
  const missing = new NotFound(
    `no model family at ${file}: give the folder of a manifest.json; \`weir models import\` writes one`,
    { reason: 'MANIFEST_NOT_FOUND' },
  );
  // Before the lock, which would make the folder.
  if (!(await readAnyFamily(directory)).manifest) throw missing;
  using _lock = await lockFamily(directory, lock);
  const { manifest: before } = await readAnyFamily(directory);
  if (!before) throw missing;
  const after = change(before);
  const text = manifestText(after);
  parseManifest(text, file);
  await withReason(directory, async () => {
    await using staging = await openStaging(directory);
    await staging.write('manifest.json', text);
    await staging.publish('manifest.json');
  });
  const variants = after.variants.map(({ name, stage }) => ({ name, ...(stage && { stage }) }));
  return { manifest: file, variants, ...(after.pinned !== undefined && { pinned: after.pinned }) };
}

/** Has `name` serve wholly; the variant that it stood in for as a canary is retired. `keep`: that one stays too. */
export const promotion =
  (name: string, { keep = false }: { keep?: boolean } = {}): StageChange =>
  (manifest) => {
    const { stage } = entryOf(manifest, name);
    if (!stage)
      throw new FailedPrecondition(
        `${name} is in service already; a canary or a retired variant can be promoted`,
      );
    const of = stage.kind === 'canary' ? stage.of : undefined;
    const goes = keep ? undefined : of;
    const staged = restaged(manifest, (entry) =>
      entry.name === name ? undefined : entry.name === goes ? { kind: 'retired' } : entry.stage,
    );
    const variants = staged.variants.map((entry) =>
      entry.name === name && of !== undefined ? { ...entry, replaces: of } : entry,
    );
    const promoted = { ...staged, variants };
    return promoted.pinned !== undefined && promoted.pinned === goes
      ? { ...promoted, pinned: name }
      : promoted;
  };

/** Takes a variant out; a canary is rolled back by it. */
export const retirement =
  (name: string): StageChange =>
  (manifest) => {
    const { stage } = entryOf(manifest, name);
    if (stage?.kind === 'retired') throw new FailedPrecondition(`${name} is retired already`);
    const others = inService(manifest.variants).filter((each) => each.name !== name);
    if (others.length === 0)
      throw new FailedPrecondition(
        `${name} is the last variant in service: promote another one first, or import one`,
      );
    const canary = canariesOf(manifest.variants).find(({ of }) => of === name);
    if (canary)
      throw new FailedPrecondition(
        `${canary.variant} stands in for ${name} as a canary: \`weir models promote ${canary.variant}\` retires ${name}, ` +
          `\`weir models retire ${canary.variant}\` ends the canary`,
      );
    if (manifest.pinned === name)
      throw new FailedPrecondition(`every frame is pinned to ${name}: \`weir models pin --none\` first`);
    return restaged(manifest, (entry) => (entry.name === name ? { kind: 'retired' } : entry.stage));
  };

/** Has every frame use `name`; undefined: none is pinned. */
export const pinning =
  (name: string | undefined): StageChange =>
  ({ pinned, ...manifest }) => {
    if (name === undefined) {
      if (pinned === undefined) throw new FailedPrecondition('no variant is pinned');
      return manifest;
    }
    const { stage } = entryOf(manifest, name);
    if (stage)
      throw new FailedPrecondition(
        `${name} is ${stage.kind === 'canary' ? 'a canary' : 'retired'}: \`weir models promote ${name}\` first`,
      );
    return { ...manifest, pinned: name };
  };

function entryOf({ variants }: Pick<Manifest, 'variants'>, name: string): Entry {
  const entry = variants.find((each) => each.name === name);
  if (entry) return entry;
  const known = variants.map((each) => each.name).join(', ');
  throw new NotFound(`there is no variant ${name}; there are ${known}`, { reason: 'MODEL_NOT_FOUND' });
}

const restaged = (manifest: Manifest, stageOf: (entry: Entry) => Stage | undefined): Manifest => ({
  ...manifest,
  variants: manifest.variants.map((entry): Entry => {
    const { stage: _, ...rest } = entry;
    const stage = stageOf(entry);
    return stage ? { ...rest, stage } : rest;
  }),
});

/** @throws InvalidInput for a manifest by another name */
function directoryOf(models: string): string {
  if (!models.endsWith('.json')) return resolve(models);
  if (basename(models) === 'manifest.json') return dirname(resolve(models));
  throw new InvalidInput([
    { field: 'models', description: `give the folder of a manifest.json, not ${models}` },
  ]);
}

/** What an import is told of a canary; `of` is needed where several are in service. */
export interface CanaryWish {
  /** Of the frames, between 0 and 1. */
  readonly share: number;
  readonly of?: string | undefined;
}

/** The stage of a new variant. @throws InvalidInput, naming every fault */
export function canaryStage(
  { share, of }: CanaryWish,
  { name, known }: { readonly name: string; readonly known: readonly StagedVariant[] },
): Stage {
  const fault = (field: string, description: string) => new InvalidInput([{ field, description }]);
  if (!(share > 0 && share < 1))
    throw fault('canary', `must lie between 0 and 1, both excluded; got ${share}`);
  const there = known.find((each) => each.name === name);
  if (there && there.stage?.kind !== 'retired')
    throw fault('name', `the family has a variant ${name} already: give the canary a --name of its own`);
  const served = inService(known).map((each) => each.name);
  const listed = served.join(', ');
  if (served.length === 0)
    throw fault('canary', 'the family has no variant yet that a canary could stand in for: leave it out');
  if (of === undefined && served.length > 1)
    throw fault('of', `name the variant that the canary stands in for: one of ${listed}`);
  const chosen = of ?? served[0]!;
  if (chosen === name) throw fault('of', `${name} cannot be a canary of itself: name one of ${listed}`);
  if (!served.includes(chosen)) throw fault('of', `${chosen} is not in service: name one of ${listed}`);
  const other = canariesOf(known).find((canary) => canary.of === chosen && canary.variant !== name);
  if (other)
    throw fault('of', `${other.variant} stands in for ${chosen} already: promote or retire it first`);
  return { kind: 'canary', of: chosen, share };
}
