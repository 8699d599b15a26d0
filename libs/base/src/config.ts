import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';
import { type FieldViolation, InvalidInput } from './errors.ts';

/**
 * What a program accepts. One schema serves flags (`--accuracy-floor`), environment (`WEIR_ACCURACY_FLOOR`) and file
 * (`accuracyFloor`, given by `--config`); a flag wins over the environment, the environment over the file.
 */
export interface ConfigSpec<Shape extends z.ZodRawShape> {
  /** As the user types it, e.g. `weir up`. */
  readonly name: string;
  /** One or two sentences for `--help`. */
  readonly summary: string;
  /** Every field carries a `.describe()`, the sentence that `--help` shows. */
  readonly schema: z.ZodObject<Shape>;
  /** Flags that say what another flag says in their stead, by that flag: both on one command line are refused. */
  readonly excludes?: Partial<Readonly<Record<keyof Shape & string, readonly (keyof Shape & string)[]>>>;
  /** Key that receives the argument without a flag; all of them, where its schema is an array. */
  readonly positionals?: keyof Shape & string;
  /** Command lines for `--help`. */
  readonly examples?: readonly string[];
  /** It reads another program's `--config` file: leave what it does not know there alone. @default false */
  readonly sharesFile?: boolean;
}

/** Where a configuration comes from: `process.argv.slice(2)` and `process.env`. */
export interface ConfigSource {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Hears of what is probably a mistake, but may be meant for another program. @default standard error */
  readonly warn?: (message: string) => void;
}

/** Every fault of a configuration; a program that throws it exits with 64. */
export class ConfigError extends Error {
  readonly violations: readonly FieldViolation[];

  constructor(program: string, violations: readonly FieldViolation[]) {
    const faults = violations.map(({ field, description }) => `  ${field}: ${description}`).join('\n');
    super(`${faults}\nTry: ${program} --help`);
    this.name = 'ConfigError';
    this.violations = violations;
  }
}

/**
 * For starting: input that a library refused (an address, a TLS file) came from the configuration, so that its fields
 * are flags. Anything else is thrown as it is. `await serve(…).catch(asConfigError(spec.name))`
 */
export const asConfigError =
  (program: string) =>
  (error: unknown): never => {
    if (!(error instanceof InvalidInput)) throw error;
    const violations = error.violations.map(({ field, description }) => ({
      field: `--${flagName(field)}`,
      description,
    }));
    throw new ConfigError(program, violations);
  };

/** The user asked for `--help`; the message is the help text. */
export class HelpRequested extends Error {}

/** Parses once, reporting all faults together. Throws ConfigError or HelpRequested. */
export function loadConfig<Shape extends z.ZodRawShape>(
  spec: ConfigSpec<Shape>,
  { argv, env, warn = (message) => void process.stderr.write(`${message}\n`) }: ConfigSource,
): Readonly<z.output<z.ZodObject<Shape>>> {
  const keys = Object.keys(spec.schema.shape);
  const violations: FieldViolation[] = [];
  const flags = readFlags(spec, argv, violations);
  const given: Record<string, unknown> = readFile(flags.config ?? env.WEIR_CONFIG, spec, violations);
  for (const key of keys) {
    const fromEnv = env[environmentName(key)];
    if (fromEnv !== undefined && fromEnv !== '') given[key] = fromEnv;
    if (flags.values[key] !== undefined) given[key] = flags.values[key];
  }

  for (const [key, others] of Object.entries<readonly string[] | undefined>(spec.excludes ?? {}))
    for (const other of others ?? [])
      if (flags.values[key] !== undefined && flags.values[other] !== undefined)
        violations.push({ field: `--${flagName(other)}`, description: `goes without --${flagName(key)}` });
  const names = [...keys.map(environmentName), 'WEIR_CONFIG'];
  for (const name of Object.keys(env)) {
    const meant = name.startsWith('WEIR_') && !names.includes(name) && didYouMean(name, names);
    // Variables of the program whose file it reads are known there.
    if (meant && !spec.sharesFile) warn(`${spec.name}: ${name} is no variable of it; did you mean ${meant}?`);
  }

  // Flags and environment variables are text; the schema says what they stand for.
  for (const key of keys) given[key] = fromText(spec.schema.shape[key] as z.ZodType, given[key]);
  const parsed = spec.schema.safeParse(given, { error: wordsFor });
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const key = String(issue.path[0]);
      const field = key === spec.positionals ? key.toUpperCase() : `--${flagName(key)}`;
      const value = given[key];
      const got = value === undefined ? 'missing' : `got ${JSON.stringify(value)}`;
      violations.push({ field, description: `${issue.message} (${got})` });
    }
  }
  if (violations.length > 0 || !parsed.success) throw new ConfigError(spec.name, violations);
  return Object.freeze(parsed.data);
}

/** For a schema that has no words of its own. */
const wordsFor: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'invalid_value') return `expected ${oneOf(issue.values.map(String))}`;
  if (issue.code === 'invalid_type')
    return issue.input === undefined ? 'needed' : `expected a ${issue.expected}`;
  return undefined;
};

const oneOf = (words: readonly string[]) =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

const fieldsOf = <Shape extends z.ZodRawShape>(spec: ConfigSpec<Shape>) =>
  spec.schema.shape as unknown as Record<string, z.ZodType>;

/** Text of `--help`. */
function help<Shape extends z.ZodRawShape>(spec: ConfigSpec<Shape>): string {
  const entries = Object.entries(fieldsOf(spec));
  const flags = entries.filter(([key]) => key !== spec.positionals);
  const label = ([key, type]: [string, z.ZodType]) => `--${flagName(key)}${isBoolean(type) ? '' : ' VALUE'}`;
  const width = Math.max(0, ...flags.map((entry) => label(entry).length));
  const lines = flags.map((entry) => `  ${label(entry).padEnd(width)}  ${describe(entry[1])}`);
  const positional = entries.find(([key]) => key === spec.positionals);
  const named = positional ? ` ${positionalLabel(...positional)}` : '';
  return [
    `${spec.name}: ${spec.summary}`,
    '',
    `Usage: ${spec.name}${named} [flags]`,
    ...(positional ? [`  ${positional[0].toUpperCase()}  ${describe(positional[1])}`] : []),
    '',
    'Flags (also as environment variables, e.g. --log-level as WEIR_LOG_LEVEL, or as keys of --config FILE):',
    ...lines,
    ...(spec.examples?.length ? ['', 'Examples:', ...spec.examples.map((example) => `  ${example}`)] : []),
  ].join('\n');
}

/** `FILE…` where there may be several, `[FILE]` where there need be none. */
function positionalLabel(key: string, type: z.ZodType): string {
  const label = `${key.toUpperCase()}${isArray(type) ? '…' : ''}`;
  return type.safeParse(undefined).success ? `[${label}]` : label;
}

function describe(type: z.ZodType): string {
  const fallback = type instanceof z.ZodDefault ? type.def.defaultValue : undefined;
  const text = Array.isArray(fallback) ? fallback.join(',') : fallback;
  const description = [type.description, valuesOf(type)].filter(Boolean).join(' ');
  if (text === undefined || text === false || text === '') return description;
  return `${description} [${typeof text === 'string' ? text : JSON.stringify(text)}]`;
}

/** Values of an enumeration, where the description does not name them all itself. */
function valuesOf(type: z.ZodType): string {
  const base = unwrap(type);
  const element = base instanceof z.ZodArray ? unwrap(base.element as z.ZodType) : base;
  if (!(element instanceof z.ZodEnum)) return '';
  const values = element.options.map(String);
  const named = values.every((value) => type.description?.match(/[\w-]+/g)?.includes(value));
  return named ? '' : `One of: ${values.join(', ')}.`;
}

function readFlags<Shape extends z.ZodRawShape>(
  spec: ConfigSpec<Shape>,
  argv: readonly string[],
  violations: FieldViolation[],
) {
  const byFlag = new Map(
    Object.entries(fieldsOf(spec))
      .filter(([key]) => key !== spec.positionals)
      .map(([key, type]) => [flagName(key), { key, type }]),
  );
  const options = Object.fromEntries(
    [...byFlag].map(([flag, { type }]) => [flag, { type: isBoolean(type) ? 'boolean' : 'string' } as const]),
  );
  const { tokens } = parseArgs({
    args: [...argv],
    options: { ...options, help: { type: 'boolean', short: 'h' }, config: { type: 'string' } },
    allowPositionals: true,
    strict: false,
    tokens: true,
  });

  const values: Record<string, unknown> = {};
  const positionals: string[] = [];
  let config: string | undefined;
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    if (token.name === 'help') throw new HelpRequested(help(spec));
    const negated =
      !byFlag.has(token.name) && token.name.startsWith('no-') && byFlag.has(token.name.slice(3));
    const known = byFlag.get(negated ? token.name.slice(3) : token.name);
    const boolean = known && isBoolean(known.type);
    if (token.name === 'config') config = token.value;
    else if (!known || (negated && !boolean))
      violations.push({ field: token.rawName, description: unknownFlag(token.name, [...byFlag.keys()]) });
    else if (boolean) values[known.key] = token.value ?? !negated;
    else if (token.value === undefined)
      violations.push({ field: token.rawName, description: 'needs a value' });
    else if (values[known.key] !== undefined && isArray(known.type))
      values[known.key] = `${String(values[known.key])},${token.value}`;
    else values[known.key] = token.value;
  }
  const { positionals: key } = spec;
  const several = key !== undefined && isArray(fieldsOf(spec)[key]!);
  if (key !== undefined && positionals.length > 0) values[key] = several ? positionals : positionals[0];
  for (const extra of several ? [] : positionals.slice(key === undefined ? 0 : 1))
    violations.push({ field: extra, description: 'unexpected argument' });
  return { values, config };
}

function unknownFlag(name: string, flags: readonly string[]): string {
  const near = flags.find((flag) => flag.startsWith(name) || name.startsWith(flag) || flag.includes(name));
  return near ? `unknown flag; did you mean --${near}?` : 'unknown flag';
}

function readFile<Shape extends z.ZodRawShape>(
  path: string | undefined,
  { schema, sharesFile = false }: ConfigSpec<Shape>,
  violations: FieldViolation[],
) {
  if (!path) return {};
  try {
    const content: unknown = parseYaml(readFileSync(path, 'utf8'));
    if (typeof content !== 'object' || content === null || Array.isArray(content))
      throw new Error('holds no mapping');
    const values: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(content)) {
      if (key in schema.shape) values[key] = value;
      else if (!sharesFile) violations.push({ field: `${path}: ${key}`, description: 'unknown key' });
    }
    return values;
  } catch (error) {
    violations.push({
      field: '--config',
      description: `${path} is not readable: ${(error as Error).message}`,
    });
    return {};
  }
}

/** Converts text to what the schema expects; leaves what does not fit for the schema to refuse. */
function fromText(type: z.ZodType, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const base = unwrap(type);
  if (base instanceof z.ZodUnion) {
    const options = base.options as readonly z.ZodType[];
    // Text that one of them takes as it is stays text: a name that looks like a number, e.g. the floor '89'.
    if (options.some((option) => option.safeParse(value).success)) return value;
    return options.map((option) => fromText(option, value)).find((each) => each !== value) ?? value;
  }
  if (base instanceof z.ZodNumber && base.meta()?.[inPerCent]) {
    const percent = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*%\s*$/.exec(value)?.[1];
    if (percent !== undefined) return Number(percent) / 100;
  }
  if (base instanceof z.ZodNumber)
    return value.trim() === '' || Number.isNaN(Number(value)) ? value : Number(value);
  if (base instanceof z.ZodBoolean)
    return value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value;
  if (base instanceof z.ZodArray)
    return value
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean)
      .map((part) => fromText(base.element as z.ZodType, part));
  return value;
}

function unwrap(type: z.ZodType): z.ZodType {
  if (type instanceof z.ZodDefault || type instanceof z.ZodOptional || type instanceof z.ZodNullable)
    return unwrap(type.unwrap() as z.ZodType);
  if (type instanceof z.ZodPipe) return unwrap(type.in as z.ZodType);
  return type;
}

const isBoolean = (type: z.ZodType) => unwrap(type) instanceof z.ZodBoolean;
const isArray = (type: z.ZodType) => unwrap(type) instanceof z.ZodArray;
const flagName = (key: string) => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const environmentName = (key: string) => `WEIR_${flagName(key).replaceAll('-', '_').toUpperCase()}`;

/** `host:port` with a port of 0..65535; 0 means any free one. */
export const hostPort = () => z.string().refine(isHostPort, 'expected HOST:PORT with a port of 0..65535');

function isHostPort(address: string): boolean {
  const match = /^(\[[0-9a-f:.]+\]|[^:\s]+):(\d{1,5})$/i.exec(address);
  return match !== null && Number(match[2]) <= 65_535;
}

/** Its parts, for Node's `listen`: the host without brackets. */
export function splitHostPort(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) };
}

/** Of a schema whose text may be in per cent. */
const inPerCent = 'weirInPerCent';
/** What a share is, for messages of schemas that take one among others. */
export const shareExpected = 'a fraction 0..1, e.g. 0.86 or 86%';
/** A share 0..1, or up to `most`; in per cent too as text: 0.86 or 86%. `expected`: words of a flag that takes more than shares. */
export const share = (most = 1, expected = `expected ${shareExpected.replace('0..1', `0..${most}`)}`) =>
  z
    .number(expected)
    .min(0, expected)
    .max(most, expected)
    .meta({ [inPerCent]: true });

/** A duration in ms, > 0. */
export const durationMs = () => z.number('expected a number of ms').positive('must be > 0');
const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** A time with its unit, e.g. 30d, 12h, 90s; parsed to ms. */
export const duration = (leastMs: number, least: string) => {
  const expected = `expected a time with its unit, e.g. 30d or 12h, of at least ${least}`;
  return z
    .string(expected)
    .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, expected)
    .transform((text) => parseFloat(text) * unitsMs[text.replace(/[\d.]+/, '') as keyof typeof unitsMs])
    .refine((ms) => ms >= leastMs, expected);
};
/** Time from one to the next in ms, >= 0; 0 stands for never. */
export const periodMs = () => z.number('expected a number of ms').min(0, 'must be >= 0');
