import { FailedPrecondition, InvalidInput, NotFound, type Random } from '@weir/base';
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, resolve } from 'node:path';
import type { z } from 'zod';
import { rulesLike } from '../learner-options.ts';
import type { Learner } from '../learner.ts';
import { checkedLearner, placeIn } from './checked-learner.ts';
import { offerWeirImports } from './weir-imports.ts';

/**
 * What a file of a learner exports: `export default ({ random, ...options }) => learner`. `Options`: `typeof options`, its
 * other export.
 */
export type CreateLearner<Options extends object = Record<string, unknown>> = (
  options: { readonly random: Random } & Readonly<Options>,
) => Learner;

/** A path instead of a name: with a slash, or with the ending of a script. */
export const learnerFilePattern = /[/\\]|\.[cm]?[jt]s$/;
export const isLearnerFile = (nameOrPath: string): boolean => learnerFilePattern.test(nameOrPath);

/** By what a learner is called: a file by its own name without the folders. */
export const learnerName = (nameOrPath: string): string =>
  isLearnerFile(nameOrPath) ? basename(nameOrPath) : nameOrPath;

const require = createRequire(import.meta.url);

/**
 * Loads a file whose default export, or export `createLearner`, makes a learner; an export `options` names its options
 * with their defaults. TypeScript runs as it is, so long as its types can be erased. At once and without a promise, so
 * that a learner is created alike from a file and from a name. Throws NotFound or InvalidInput, with the cure.
 */
export function loadLearnerFile(path: string): {
  name: string;
  create: CreateLearner;
  rules: Readonly<Record<string, z.ZodType>>;
} {
  const file = resolve(path);
  const name = basename(file);
  if (!statSync(file, { throwIfNoEntry: false })?.isFile())
    throw new NotFound(`there is no file ${file}`, { reason: 'NO_SUCH_LEARNER' });
  const exported = load(file);
  const factory = typeof exported === 'function' ? exported : (exported.default ?? exported.createLearner);
  if (typeof factory !== 'function')
    throw fault(
      file,
      'exports no factory; write `export default ({ random, ...options }) => learner` (or export it as createLearner)',
    );
  const { options: defaults = {} } = exported as { options?: unknown };
  if (typeof defaults !== 'object' || defaults === null || Array.isArray(defaults))
    throw fault(file, 'its export `options` is no object; expected names with their defaults');
  return {
    name,
    create: (given) =>
      create({ file, name, factory: factory as CreateLearner, options: { ...defaults, ...given } }),
    rules: rulesLike(defaults as Record<string, unknown>),
  };
}

interface Exports {
  readonly default?: unknown;
  readonly createLearner?: unknown;
}

function load(file: string): Exports {
  offerWeirImports();
  try {
    return (require(file) ?? {}) as Exports;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_REQUIRE_ASYNC_MODULE')
      throw fault(file, 'awaits at its top level; read what it needs at once (readFileSync)', cause);
    throw fault(file, `does not load: ${message.trim()}${placeIn(file, cause)}`, cause);
  }
}

function create({
  file,
  name,
  factory,
  options,
}: {
  file: string;
  name: string;
  factory: CreateLearner;
  options: Parameters<CreateLearner>[0];
}): Learner {
  let made: unknown;
  try {
    made = factory(options);
  } catch (cause) {
    // Its own refusal of an option reaches the user as it is.
    if (cause instanceof InvalidInput || cause instanceof FailedPrecondition) throw cause;
    throw fault(file, `its factory failed: ${String(cause)}${placeIn(file, cause)}`, cause);
  }
  if (made instanceof Promise) {
    made.catch(() => {});
    throw fault(file, 'its factory is async; it must return the learner itself');
  }
  return checkedLearner(made, { file, name });
}

const fault = (file: string, description: string, cause?: unknown) =>
  new InvalidInput([{ field: file, description }], { reason: 'NO_LEARNER', cause });
