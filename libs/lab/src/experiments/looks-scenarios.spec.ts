import { describe, expect, it } from 'vitest';
import { looksScenarios } from './looks-scenarios.ts';

describe('the experiments of second looks', () => {
  const scenarios = looksScenarios({ quick: false, seed: 3 });

  it('are every experiment × floor × number of users, each with both oracles’ rivals', () => {
    const grid = scenarios.filter(({ epochs }) => epochs);
    const seen = new Set(
      grid.map(({ cell, floor }) => ('users' in cell ? `${cell.experiment} ${floor} ${cell.users}` : '')),
    );
    for (const experiment of ['A', 'B', 'C', 'D'])
      for (const floor of ['best-0.05', 'best-0.9', '85', '80'])
        for (const users of [1, 3, 5]) expect(seen).toContain(`${experiment} ${floor} ${users}`);
    for (const { learners, looks, seed } of grid) {
      expect(learners).toEqual(
        expect.arrayContaining(['planner', 'planner-one-look', 'offload-only', 'threshold', 'hi-lcb']),
      );
      expect([looks, seed]).toEqual([2, 3]);
    }
  });

  it('are Poisson arrivals at four loads, and pictures that change with audits, without, and with truths', () => {
    expect(scenarios.flatMap(({ arrivals }) => arrivals?.load ?? [])).toEqual([0.3, 0.6, 0.9, 1.3]);
    expect(
      scenarios.flatMap(({ pictures, audits }) => (pictures ? [[audits, pictures.truths]] : [])),
    ).toEqual([
      [0.02, false],
      [0, false],
      [0, true],
    ]);
  });

  it('are each under one name, and few where it must be quick', () => {
    const names = scenarios.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(looksScenarios({ quick: true, seed: 1 }).map(({ name }) => name)).toEqual([
      'looks-a-best-0.9-3',
      'looks-poisson-60',
    ]);
  });
});
