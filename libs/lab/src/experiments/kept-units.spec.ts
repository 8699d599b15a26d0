import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { keepUnit, keptUnit } from './kept-units.ts';
import { fakeResults } from '../report/results.fixture.ts';
import type { ArrivalsResult } from '../measure/results.ts';
import { readScenario } from '../scenario/scenario.ts';
import type { Scenario } from '../scenario/scenario-schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-kept-'));
afterAll(() => rmSync(folder, { recursive: true }));

const unit = fakeResults().units.find(({ kind }) => kind === 'arrivals') as ArrivalsResult;

describe('results that are kept', () => {
  it('come back as they were written, for the very same scenario', () => {
    const scenario = readScenario('poisson-30');
    keepUnit(folder, scenario, unit);
    expect(keptUnit(folder, scenario)).toEqual(unit);
    expect(keptUnit(folder, { ...scenario, seed: 2 })).toBeUndefined();
  });

  it('of one look are found where versions that knew of no other put them', () => {
    const { looks, ...earlier } = readScenario('poisson-30');
    expect(looks).toBe(1);
    rmSync(join(folder, 'units'), { recursive: true });
    keepUnit(folder, earlier as Scenario, unit);
    expect(keptUnit(folder, readScenario('poisson-30'))).toEqual(unit);
    expect(keptUnit(folder, { ...readScenario('poisson-30'), looks: 2 })).toBeUndefined();
  });

  it('of an earlier version are brought up to date', () => {
    const scenario = readScenario('poisson-60');
    const rules = unit.rules.map(({ warmup: _, ...rule }) => rule);
    keepUnit(folder, scenario, { ...unit, rules } as unknown as ArrivalsResult);
    expect((keptUnit(folder, scenario) as ArrivalsResult).rules[0]!.warmup).toBeNull();
  });

  it('are none where the file cannot be read', () => {
    const scenario = readScenario('poisson-90');
    keepUnit(folder, scenario, unit);
    const file = readdirSync(join(folder, 'units')).find((name) => name.startsWith('poisson-90.'))!;
    const path = join(folder, 'units', file);
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, 100));
    expect(keptUnit(folder, scenario)).toBeUndefined();
  });
});
