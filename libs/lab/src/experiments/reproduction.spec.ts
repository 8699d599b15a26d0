import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@weir/base';
import { loadFamily } from '@weir/inference';
import { afterAll, describe, expect, it } from 'vitest';
import { fakeResults } from '../report/results.fixture.ts';
import { keepUnit } from './kept-units.ts';
import { reproduce } from './reproduction.ts';
import { reproductionScenarios } from './reproduction-scenarios.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-reproduction-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the reproduction', () => {
  it('covers every experiment, floor and number of users, and each under one name', () => {
    const scenarios = reproductionScenarios({ quick: false, seed: 1 });
    const names = scenarios.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const seen = new Set(
      scenarios.flatMap(({ cell, floor, accuracies, epochs }) =>
        epochs && accuracies === 'measured' && 'users' in cell
          ? [`${cell.experiment} ${floor} ${cell.users}`]
          : [],
      ),
    );
    for (const experiment of ['A', 'B', 'C', 'D'])
      for (const floor of ['none', '80', '85', '89', 'best'])
        for (const users of [1, 2, 3, 4, 5]) expect(seen).toContain(`${experiment} ${floor} ${users}`);
    expect(reproductionScenarios({ quick: true, seed: 1 }).length).toBeLessThan(20);
  });

  it('has one look everywhere, and the experiments of second looks where they are asked for', () => {
    for (const quick of [false, true]) {
      const paper = reproductionScenarios({ quick, seed: 1 });
      expect(new Set(paper.map(({ looks }) => looks))).toEqual(new Set([1]));
      const more = reproductionScenarios({ quick, seed: 1, looks: 2 });
      const names = new Set(paper.map(({ name }) => name));
      const added = more.filter(({ name }) => !names.has(name));
      expect(more).toHaveLength(paper.length + added.length);
      for (const { name, looks, learners } of added) {
        expect([name, looks]).toEqual([expect.stringMatching(/^looks-/), 2]);
        expect(learners).toContain('planner-one-look');
      }
      expect(added.length).toBeGreaterThan(quick ? 0 : 4);
    }
  });

  it('does not run again what is done, and gives it back in order', async () => {
    const family = await loadFamily();
    const scenarios = reproductionScenarios({ quick: true, seed: 1 }).slice(0, 2);
    const units = fakeResults().units.slice(0, 2);
    scenarios.forEach((scenario, index) => keepUnit(folder, scenario, units[index]!));
    const said: string[] = [];
    const results = await reproduce({
      family,
      pictures: [],
      logger: silentLogger,
      signal: new AbortController().signal,
      progress: (text) => void said.push(text),
      folder,
      scenarios,
      parallel: 2,
      quick: true,
      seed: 1,
      command: 'weir lab reproduce --quick',
    });
    expect(said).toEqual([expect.stringMatching(/^2 of 2 experiments were done before/)]);
    expect(results.units.map(({ name }) => name)).toEqual(units.map(({ name }) => name));
    expect(results.floors.map(({ label }) => label)).toEqual(['none', '80', '85', '89', 'best']);
  });

  it('takes a result for that of the very same scenario only', () => {
    const [scenario] = reproductionScenarios({ quick: true, seed: 1 });
    const before = readdirSync(join(folder, 'units')).length;
    keepUnit(folder, { ...scenario!, seed: 2 }, fakeResults().units[0]!);
    expect(readdirSync(join(folder, 'units'))).toHaveLength(before + 1);
  });
});
