import { ConfigError, type FieldViolation, InvalidInput, WeirError, seededRandom } from '@weir/base';
import {
  type LearnerFactory,
  isLearnerFile,
  learnerFactory,
  learnerName,
  learnerNames,
  unknownOption,
} from '@weir/learning';
import { dirname, resolve } from 'node:path';

type Options = Readonly<Record<string, unknown>>;

/** For `--help`: what every flag that names learners takes. */
export const learnersHelp = `${learnerNames.join(', ')}, or a file of your own, e.g. ./mine.ts (docs/write-a-learner.md)`;

/**
 * The name of a learner that comes with Weir, or the absolute path of a file that holds one; it has been created once.
 * Throws ConfigError for anything else, before a cell or a thread starts.
 */
export function readLearner(command: string, flag: string, text: string): string {
  const learner = isLearnerFile(text) ? resolve(callersFolder(), text) : text;
  refuseFaults(command, flag, () => learnerFactory(learner).create({ random: seededRandom(0) }));
  return learner;
}

/** Several learners, each as `readLearner`, or a name that `isOther` knows; no two of the same name. */
export function readLearners(
  command: string,
  flag: string,
  texts: readonly string[],
  isOther: (text: string) => boolean = () => false,
): string[] {
  const learners = texts.map((text) => (isOther(text) ? text : readLearner(command, flag, text)));
  const names = learners.map(learnerName);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new ConfigError(command, [{ field: flag, description: `${twice} is named twice` }]);
  return learners;
}

/**
 * Options in JSON: for each of the learners those that it knows, in the same order. Throws ConfigError with every fault: an
 * option that none of them knows, a wrong type, a number out of range.
 */
export function readLearnerOptions(
  command: string,
  flag: string,
  text: string,
  learners: readonly string[],
): Options[] {
  const options = parseObject(command, flag, text);
  const factories = learners.map(learnerFactory);
  const known = [...new Set(factories.flatMap(({ optionNames }) => optionNames))];
  const ofEach = factories.map(({ optionNames }) =>
    Object.fromEntries(Object.entries(options).filter(([key]) => optionNames.includes(key))),
  );
  const unknown = Object.keys(options)
    .filter((key) => !known.includes(key))
    .map((field) => ({ field, description: unknownOption(field, known) }));
  const wrong = factories.flatMap((factory, at) => factory.optionFaults(ofEach[at]!));
  const faults = new Map([...unknown, ...wrong].map((fault) => [fault.field, fault]));
  if (faults.size > 0) throw new ConfigError(command, [...faults.values()].map(under(flag)));
  factories.forEach((factory, at) => tryOut(command, flag, factory, ofEach[at]!));
  return ofEach;
}

/** A learner of a file may refuse what only it can judge. */
const tryOut = (command: string, flag: string, factory: LearnerFactory, options: Options) =>
  refuseFaults(command, flag, () => factory.create({ ...options, random: seededRandom(0) }));

function refuseFaults(command: string, flag: string, use: () => unknown): void {
  try {
    use();
  } catch (error) {
    if (error instanceof InvalidInput) throw new ConfigError(command, error.violations.map(under(flag)));
    if (error instanceof WeirError)
      throw new ConfigError(command, [{ field: flag, description: error.message }]);
    throw error;
  }
}

const under =
  (flag: string) =>
  ({ field, description }: FieldViolation): FieldViolation => ({ field: `${flag}: ${field}`, description });

function parseObject(command: string, flag: string, text: string): Options {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Options;
  const description = `expected a JSON object, e.g. {"epsilonEpochs":1000} (got ${JSON.stringify(text)})`;
  throw new ConfigError(command, [{ field: flag, description }]);
}

/** Where the user is: npm runs a script in its package's folder, wherever it was called from. */
function callersFolder(): string {
  const { INIT_CWD, npm_package_json: manifest } = process.env;
  const here = process.cwd();
  return INIT_CWD && manifest && dirname(manifest) === here ? INIT_CWD : here;
}
