import { type ConfigError, type ConfigSpec, HelpRequested, loadConfig } from '@weir/base';
import { configSpec as consolePage } from '@weir/console';
import { configSpec as deviceAgent } from '@weir/device-agent';
import { configSpec as inferenceWorker } from '@weir/inference-worker';
import { configSpec as policyService } from '@weir/policy-service';
import { configSpec as telemetry } from '@weir/telemetry-service';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { commands } from '../apps/cli/src/commands.ts';

type AnySpec = ConfigSpec<z.ZodRawShape>;

const services = [telemetry, consolePage, policyService, inferenceWorker, deviceAgent].map(
  (spec) => spec as unknown as AnySpec,
);
const clients = await Promise.all(
  Object.values(commands).map(async ({ load }) => (await load()).default.spec),
);
const programs = [...services, ...clients].map((spec) => [spec.name, spec] as const);

function faults(spec: AnySpec, argv: readonly string[]): readonly string[] {
  try {
    loadConfig(spec, { argv, env: {} });
    return [];
  } catch (error) {
    return (error as ConfigError).violations.map(({ field }) => field);
  }
}

const unwrap = (type: unknown): unknown => {
  if (type instanceof z.ZodDefault || type instanceof z.ZodOptional) return unwrap(type.unwrap());
  return type instanceof z.ZodPipe ? unwrap(type.in) : type;
};
const flagsOf = (spec: AnySpec) =>
  Object.entries(spec.schema.shape)
    .filter(([key]) => key !== spec.positionals)
    .map(([key, type]) => ({
      flag: `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      type: unwrap(type),
    }));

/** Every value of an enumeration, where a flag takes one, several or something else besides. */
function valuesOf(type: unknown): string[] {
  const base = unwrap(type);
  if (base instanceof z.ZodArray) return valuesOf(base.element);
  if (base instanceof z.ZodUnion) return base.options.flatMap(valuesOf);
  if (base instanceof z.ZodEnum) return base.options.map(String);
  return base instanceof z.ZodLiteral ? [...base.values].map(String) : [];
}

function helpOf(spec: AnySpec): string {
  try {
    loadConfig(spec, { argv: ['--help'], env: {} });
  } catch (error) {
    if (error instanceof HelpRequested) return error.message;
  }
  throw new Error(`${spec.name} has no help`);
}

/** What must be refused of a flag of each type. */
function malformed(type: unknown): string[] {
  if (type instanceof z.ZodNumber) return ['=many', '=-1', '=NaN', '=1e999'];
  if (type instanceof z.ZodBoolean) return ['=maybe', '=2'];
  if (type instanceof z.ZodEnum) return ['=nonsense', '=PLANNER '];
  return [];
}

describe.each(programs)('%s', (_name, spec) => {
  const rows = flagsOf(spec).flatMap(({ flag, type }) =>
    malformed(type).map((value) => [flag, value] as const),
  );

  it.skipIf(rows.length === 0).each(rows)('refuses %s%s', (flag, value) => {
    expect(faults(spec, [`${flag}${value}`])).toContain(flag);
  });

  it('refuses every flag that lacks its value, all together', () => {
    const valued = flagsOf(spec).filter(({ type }) => !(type instanceof z.ZodBoolean));
    for (const { flag } of valued) expect(faults(spec, [flag])).toContain(flag);
  });

  it('names a flag that does not exist', () => {
    expect(faults(spec, ['--no-such-flag', '--nor-this=1'])).toEqual(
      expect.arrayContaining(['--no-such-flag', '--nor-this']),
    );
  });

  it('names flags as they are typed, and every value that they may have', () => {
    const help = helpOf(spec);
    for (const key of Object.keys(spec.schema.shape).filter((each) => /[A-Z]/.test(each)))
      expect(help).not.toMatch(new RegExp(`\\b${key}\\b`));
    for (const { flag, type } of flagsOf(spec)) {
      const line = help.split('\n').find((each) => each.startsWith(`  ${flag} `) || each === `  ${flag}`)!;
      const words = line.match(/[\w-]+/g);
      for (const value of valuesOf(type)) expect(words, line).toContain(value);
    }
  });

  it('explains each of its flags', () => {
    for (const [key, type] of Object.entries(spec.schema.shape))
      expect((type as z.ZodType).description, key).toMatch(/\w.*\.$/);
  });
});

describe.each([
  ['weir up', '--devices=65'],
  ['weir up', '--rate=-1'],
  ['weir up', '--duration=0'],
  ['weir up', '--floor=1.1'],
  ['weir up', '--requests=1.5'],
  ['weir up', '--looks=3'],
  ['weir infer', '--looks=0'],
  ['weir infer', '--agent=nowhere'],
  ['weir infer', '--agent=localhost:70000'],
  ['telemetry', '--listen=nowhere'],
  ['policy-service', '--listen=127.0.0.1'],
  ['policy-service', '--accuracy-floor=85'],
  ['policy-service', '--learner=oracle'],
  ['inference-worker', '--telemetry=host:port'],
  ['inference-worker', '--tier=device'],
  ['inference-worker', '--slots=0'],
  ['inference-worker', '--node-id=a b'],
  ['device-agent', '--targets=edge-1=edge'],
  ['device-agent', '--targets=edge-1=moon@127.0.0.1:1'],
  ['device-agent', '--allowed-tiers=edge,moon'],
  ['device-agent', '--looks=3'],
  ['device-agent', '--web-listen=nowhere'],
  ['device-agent', '--web-origins=*'],
  ['device-agent', '--web-origins=null'],
  ['device-agent', '--web-origins=https://example.com/page'],
  ['device-agent', '--policy=:'],
])('%s %s', (name, argument) => {
  it('is refused', () => {
    const spec = programs.find(([known]) => known === name)![1];
    expect(faults(spec, [argument])).toContain(argument.slice(0, argument.indexOf('=')));
  });
});

describe('a program that is started with bad flags', () => {
  const path = (file: string) => fileURLToPath(new URL(`../apps/${file}`, import.meta.url));
  it.each([
    ['weir', 'cli/bin/weir.mjs', ['up', '--devices=0', '--nonsense'], ['--devices', '--nonsense']],
    ['weir without a command that exists', 'cli/bin/weir.mjs', ['upp'], ['did you mean "weir up"']],
    [
      'policy-service',
      'policy-service/src/main.ts',
      ['--lease-ms=0', '--nonsense'],
      ['--lease-ms', '--nonsense'],
    ],
    [
      'inference-worker',
      'inference-worker/src/main.ts',
      ['--slots=0', '--nonsense'],
      ['--slots', '--nonsense'],
    ],
    ['device-agent', 'device-agent/src/main.ts', ['--slots=0', '--nonsense'], ['--slots', '--nonsense']],
  ])('%s exits with 64 and names every fault', (_name, file, argv, named) => {
    const { status, stderr, stdout } = spawnSync(process.execPath, [path(file), ...argv], {
      encoding: 'utf8',
    });
    expect(status).toBe(64);
    expect(stdout).toBe('');
    for (const text of named) expect(stderr).toContain(text);
  });
});

describe('output that cannot be written', () => {
  const weir = fileURLToPath(new URL('../apps/cli/bin/weir.mjs', import.meta.url));
  const writingTo = (file: string, ...argv: string[]) => {
    const stdout = openSync(file, 'w');
    try {
      return spawnSync(process.execPath, [weir, ...argv], {
        encoding: 'utf8',
        stdio: ['ignore', stdout, 'pipe'],
      });
    } finally {
      closeSync(stdout);
    }
  };

  it.each([['lab', 'list'], ['lab', 'list', '--json'], ['--help'], ['up', '--help'], ['--version']])(
    'is told, and the exit code says so: weir %s %s',
    (...argv) => {
      expect(writingTo('/dev/null', ...argv)).toMatchObject({ status: 0, stderr: '' });
      const { status, stderr } = writingTo('/dev/full', ...argv);
      expect(status).toBe(1);
      expect(stderr).toMatch(/^weir: the output could not be written: ENOSPC: no space left on device.*\n$/);
    },
  );
});

describe('weir up with a description and flags that say the same', () => {
  it('names the flags that go without it', () => {
    const up = programs.find(([name]) => name === 'weir up')![1];
    expect(faults(up, ['--cell=mine.yaml', '--devices=3', '--floor=0.8'])).toEqual(['--devices', '--floor']);
  });
});
