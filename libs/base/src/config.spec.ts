import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  asConfigError,
  ConfigError,
  HelpRequested,
  hostPort,
  loadConfig,
  share,
  splitHostPort,
} from './config.ts';
import { InvalidInput } from './errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const spec = {
  name: 'weir demo',
  summary: 'Shows the loader.',
  schema: z.object({
    devices: z.number().int().min(1).default(3).describe('Devices to start.'),
    json: z.boolean().default(false).describe('One JSON document.'),
    learners: z.array(z.string()).default(['planner']).describe('Learners, comma-separated.'),
    listen: hostPort().optional().describe('Address to listen on.'),
    images: z.array(z.string()).default([]).describe('Pictures.'),
    floor: z
      .union([z.enum(['none', '89']), z.number().min(0).max(1)])
      .optional()
      .describe('Floor.'),
    space: z.enum(['paper', 'full']).optional().describe('Variants.'),
    kinds: z
      .array(z.enum(['a', 'b']))
      .default(['a'])
      .describe('Kinds.'),
    pattern: z.enum(['poisson', 'periodic']).optional().describe('Arrivals: poisson or periodic.'),
  }),
  excludes: { space: ['devices', 'pattern'] },
  positionals: 'images',
} as const;

const load = (argv: string[], env: Record<string, string> = {}) => loadConfig(spec, { argv, env });
const faults = (argv: string[], env: Record<string, string> = {}) => {
  try {
    load(argv, env);
    return [];
  } catch (error) {
    return (error as ConfigError).violations;
  }
};

describe('loadConfig', () => {
  it('takes one argument without a flag where there is one alone', () => {
    const one = (file: z.ZodType<string | undefined>) => ({
      name: 'weir look',
      summary: 'Looks.',
      schema: z.object({ file: file.describe('The file.') }),
      positionals: 'file' as const,
    });
    const needed = one(z.string('name the file'));
    const read = (argv: string[], of = needed) => loadConfig(of, { argv, env: {} });
    expect(read(['a.png'])).toEqual({ file: 'a.png' });
    expect(() => read(['a.png', 'b.png'])).toThrow(/b\.png: unexpected argument/);
    expect(() => read([])).toThrow(/FILE: name the file \(missing\)/);
    expect(() => read(['--help'])).toThrow(/Usage: weir look FILE \[flags\]/);
    expect(() => read(['--help'], one(z.string().optional()))).toThrow(/Usage: weir look \[FILE\] \[flags\]/);
    expect(() => load(['--help'])).toThrow(/ \[IMAGES…\] \[flags\]/);
  });

  it('takes defaults, flags, lists and arguments without a flag', () => {
    expect(load(['a.png', '--devices', '5', '--json', '--learners=dqn,planner', 'b.png'])).toEqual({
      devices: 5,
      json: true,
      learners: ['dqn', 'planner'],
      images: ['a.png', 'b.png'],
      kinds: ['a'],
    });
  });

  it('lets a flag win over the environment and the environment over the file', () => {
    const file = join(folder, 'weir.yaml');
    writeFileSync(file, 'devices: 7\njson: true\nlearners: [a, b]\n');
    const config = load(['--config', file, '--devices', '9'], { WEIR_DEVICES: '8', WEIR_LEARNERS: 'c' });
    expect(config).toMatchObject({ devices: 9, json: true, learners: ['c'] });
    expect(load(['--config', file, '--no-json'])).toMatchObject({ devices: 7, json: false });
  });

  it('warns of a variable that was probably meant for it, and of no other', () => {
    const told: string[] = [];
    const env = { WEIR_FLOOOR: '0.5', WEIR_JAEGER: '/usr/bin/jaeger', FLOOR: '1', WEIR_FLOOR: '0.7' };
    const { floor } = loadConfig(spec, { argv: [], env, warn: (message) => void told.push(message) });
    expect(floor).toBe(0.7);
    expect(told).toEqual([
      expect.stringMatching(/WEIR_FLOOOR is no variable of it; did you mean WEIR_FLOOR\?/),
    ]);
  });

  it('leaves keys of a shared file to others', () => {
    const file = join(folder, 'weir.yaml');
    writeFileSync(file, 'devices: 7\nslots: 2\n');
    const argv = ['--config', file];
    expect(faults(argv)).toEqual([{ field: `${file}: slots`, description: 'unknown key' }]);
    expect(loadConfig({ ...spec, sharesFile: true }, { argv, env: {} })).toMatchObject({ devices: 7 });
  });

  it('reports every fault together', () => {
    const violations = faults(['--devices', 'many', '--listen', 'nowhere', '--lerners', 'x']);
    expect(violations.map(({ field }) => field)).toEqual(['--lerners', '--devices', '--listen']);
  });

  it('refuses together what says the same in two ways, on the command line alone', () => {
    const violations = faults(['--space', 'full', '--pattern=poisson', '--devices=2']);
    expect(violations.map(({ field, description }) => `${field} ${description}`)).toEqual([
      '--devices goes without --space',
      '--pattern goes without --space',
    ]);
    expect(load(['--space', 'full'], { WEIR_DEVICES: '2' })).toMatchObject({ devices: 2 });
  });

  it.each([
    [['--space', 'half'], 'expected paper or full (got "half")'],
    [['--kinds', 'a,c'], 'expected a or b (got ["a","c"])'],
    [['--devices', 'many'], 'expected a number (got "many")'],
  ])('says in plain words what it expects: %j', (argv, description) => {
    expect(faults(argv)).toMatchObject([{ description }]);
  });

  it.each([
    ['a name', 'none', 'none'],
    ['a name that looks like a number', '89', '89'],
    ['a number', '0.89', 0.89],
  ])('takes %s where a flag is either', (_what, text, value) => {
    expect(load(['--floor', text]).floor).toBe(value);
  });

  it.each([
    ['a number out of range where a flag is either', ['--floor', '2'], '--floor'],
    ['no text where a flag is either', ['--floor', ' '], '--floor'],
    ['a flag without its value', ['--devices'], '--devices'],
    ['a number out of range', ['--devices', '0'], '--devices'],
    ['a fraction where a whole number is due', ['--devices', '1.5'], '--devices'],
    ['a port out of range', ['--listen', 'localhost:70000'], '--listen'],
    ['a file that is missing', ['--config', '/no/such/file'], '--config'],
  ])('refuses %s', (_what, argv, field) => {
    expect(faults(argv).map((violation) => violation.field)).toEqual([field]);
  });

  it('explains itself', () => {
    expect(() => load(['--help'])).toThrow(HelpRequested);
    expect(() => load(['--help'])).toThrow(/--devices VALUE .*Devices to start. \[3\]/);
    expect(() => load(['--help'])).toThrow(/Variants. One of: paper, full.\n/);
    expect(() => load(['--help'])).toThrow(/Kinds. One of: a, b. \[a\]\n/);
    expect(() => load(['--help'])).toThrow(/Arrivals: poisson or periodic.$/);
  });
});

describe('share', () => {
  const spec = {
    name: 'weir demo',
    summary: 'Shows.',
    schema: z.object({
      floor: share().optional().describe('Floor.'),
      idle: share().describe('Idle.').default(0.5),
      either: z.union([z.enum(['89']), share()]).optional(),
      load: share(3).positive('must be > 0').optional(),
      devices: z.number().optional(),
    }),
  };
  const given = (...argv: string[]) => loadConfig(spec, { argv, env: {} });

  it('is taken as a fraction or in per cent, from a flag as from the environment', () => {
    expect(given('--floor', '86%', '--idle', '0.2')).toEqual({ floor: 0.86, idle: 0.2 });
    expect(given('--floor=12.5 %', '--idle', '100%')).toEqual({ floor: 0.125, idle: 1 });
    expect(loadConfig(spec, { argv: [], env: { WEIR_FLOOR: '7%' } }).floor).toBe(0.07);
    expect(given('--either', '86%', '--load', '150%')).toMatchObject({ either: 0.86, load: 1.5 });
  });

  it.each(['86', '101%', '-3%', '%', 'high', '8 6%'])('refuses %s, naming both forms', (text) => {
    expect(() => given('--floor', text)).toThrow(/--floor: .*e\.g\. 0\.86 or 86%/);
  });

  it('is no other number', () => {
    expect(() => given('--devices', '86%')).toThrow(ConfigError);
  });
});

describe('asConfigError', () => {
  it('makes flags of the fields that a library refused, and leaves other errors alone', () => {
    const refused = new InvalidInput([{ field: 'tlsCert', description: 'missing' }]);
    const convert = asConfigError('weir demo');
    expect(() => convert(refused)).toThrow(
      expect.objectContaining({ violations: [{ field: '--tls-cert', description: 'missing' }] }) as Error,
    );
    expect(() => convert(refused)).toThrow('weir demo --help');
    expect(() => convert(new Error('other'))).toThrow('other');
  });
});

describe('splitHostPort', () => {
  it.each([
    ['127.0.0.1:7000', '127.0.0.1', 7_000],
    ['edge-box:0', 'edge-box', 0],
    ['[::1]:443', '::1', 443],
  ])('takes %s apart', (address, host, port) => {
    expect(splitHostPort(address)).toEqual({ host, port });
  });
});
