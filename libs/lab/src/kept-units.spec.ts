import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { keepUnit, keptUnit } from './kept-units.ts';
import { fakeResults } from './report/results.fixture.ts';
import type { UnitResult } from './results.ts';
import { readScenario } from './scenario.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-kept-'));
afterAll(() => rmSync(folder, { recursive: true }));

const { units } = fakeResults();
const unitOf = <Kind extends UnitResult['kind']>(kind: Kind) =>
  units.find((unit): unit is Extract<UnitResult, { kind: Kind }> => unit.kind === kind)!;

/** Keeps a unit as another version of the lab might have written it. */
function keep(name: string, unit: unknown): ReturnType<typeof readScenario> {
  const scenario = readScenario(name);
  keepUnit(folder, scenario, unit as UnitResult);
  return scenario;
}

describe('results that are kept', () => {
  it('come back as they were written', () => {
    const unit = unitOf('arrivals');
    expect(keptUnit(folder, keep('poisson-30', unit))).toEqual(unit);
  });

  it('of an earlier version say that nobody watched the floor apart from what counts', () => {
    const unit = unitOf('arrivals');
    const rules = unit.rules.map(({ warmup: _, learning: __, ...rule }) => rule);
    const kept = keptUnit(folder, keep('poisson-60', { ...unit, rules }));
    expect(kept).toMatchObject({ rules: rules.map((rule) => ({ ...rule, warmup: null, learning: null })) });
  });

  it('are none where the file cannot be read', () => {
    const scenario = keep('poisson-90', unitOf('arrivals'));
    const file = readdirSync(join(folder, 'units')).find((name) => name.startsWith('poisson-90.'))!;
    const path = join(folder, 'units', file);
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, 100));
    expect(keptUnit(folder, scenario)).toBeUndefined();
  });
});
