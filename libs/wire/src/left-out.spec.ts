import type { FieldViolation } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { tellOnce } from './left-out.ts';

const fault = (field: string): FieldViolation => ({ field, description: 'expected something else' });

describe('tellOnce', () => {
  it('tells each field once, and nothing when nothing is new', () => {
    const told: string[][] = [];
    const tell = tellOnce((leftOut) => told.push(leftOut.map(({ field }) => field)));
    tell([]);
    tell([fault('a')]);
    tell([fault('a'), fault('b')]);
    tell([fault('b')]);
    expect(told).toEqual([['a'], ['b']]);
  });

  it('falls silent before a peer that finds ever new faults fills the memory', () => {
    let told = 0;
    const tell = tellOnce((leftOut) => (told += leftOut.length));
    for (let index = 0; index < 1_000; index++) tell([fault(`${index}`)]);
    expect(told).toBe(256);
  });
});
