import { describe, expect, it } from 'vitest';
import { meantBy, type Stage } from './stages.ts';

const variant = (name: string, more: { stage?: Stage; replaces?: string } = {}) => ({ name, ...more });
const retired: Stage = { kind: 'retired' };
const canaryOf = (of: string): Stage => ({ kind: 'canary', of, share: 0.1 });
const meant = (names: string[], all: ReturnType<typeof variant>[]) =>
  meantBy(names, {
    variants: all.filter(({ stage }) => stage?.kind !== 'retired'),
    retired: all.filter(({ stage }) => stage?.kind === 'retired'),
  }).map(({ name }) => name);

describe('meantBy', () => {
  const old = variant('old');
  const other = variant('other');
  const gone = variant('old', { stage: retired });
  const newer = variant('new', { replaces: 'old' });

  it('means all by no name, and by names those variants in that order', () => {
    expect(meant([], [old, other])).toEqual(['old', 'other']);
    expect(meant(['other', 'old'], [old, other])).toEqual(['other', 'old']);
    expect(meant(['none'], [old])).toEqual([]);
  });

  it('means what stands in for them, and what has taken their place, though it went again', () => {
    expect(meant(['old'], [old, other, variant('new', { stage: canaryOf('old') })])).toEqual(['old', 'new']);
    expect(meant(['old'], [gone, other, newer])).toEqual(['new']);
    expect(meant(['old'], [old, newer])).toEqual(['old', 'new']);
    const line = [gone, { ...newer, stage: retired }, variant('third', { replaces: 'new' })];
    expect(meant(['old'], line)).toEqual(['third']);
    expect(meant(['old'], [gone, other])).toEqual([]);
  });

  it('ends where a line leads back to where it began', () => {
    expect(meant(['old'], [variant('old', { replaces: 'new' }), newer])).toEqual(['old', 'new']);
  });
});
