import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mutants } from './list/index.ts';
import { type Mutant, applyMutant, mutantsOf, packageOf } from './mutant.ts';

const root = dirname(dirname(import.meta.dirname));
const [sign] = mutantsOf('libs/x/src', [
  { title: 'a sign', file: 'a.ts', find: 'a - b', replace: '$& + b' },
]) as [Mutant];

describe('a mutant', () => {
  it('replaces its text, and nothing else, literally', () => {
    expect(applyMutant(sign, 'const c = a - b;')).toBe('const c = $& + b;');
  });

  it('is noticed by the spec beside its file unless others are named', () => {
    expect(sign).toMatchObject({ file: 'libs/x/src/a.ts', specs: ['libs/x/src/a.spec.ts'] });
  });

  it.each([
    [
      'the code has changed',
      'const c = a;',
      /"a sign".* occurs 0 times in libs\/x\/src\/a.ts; the code has changed/,
    ],
    ['it is ambiguous', 'a - b + (a - b)', /occurs 2 times.*lengthen/],
  ])('names the cure where %s', (_what, source, message) => {
    expect(() => applyMutant(sign, source)).toThrow(message);
  });
});

describe('the list', () => {
  it.each(mutants.map((mutant) => [mutant.title, mutant] as const))('applies: %s', (_title, mutant) => {
    const source = readFileSync(join(root, mutant.file), 'utf8');
    expect(applyMutant(mutant, source)).not.toBe(source);
    expect(mutant.specs.filter((spec) => !existsSync(join(root, spec)))).toEqual([]);
    expect(new Set(mutant.specs.map(packageOf))).toEqual(new Set([packageOf(mutant.file)]));
  });

  it('has no title twice', () => {
    expect(new Set(mutants.map(({ title }) => title)).size).toBe(mutants.length);
  });
});
