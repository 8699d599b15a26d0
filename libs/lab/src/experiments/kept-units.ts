import { makeFolder } from '@weir/base';
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { upToDate } from './earlier-results.ts';
import type { UnitResult } from '../measure/results.ts';
import type { Scenario } from '../scenario/scenario-schema.ts';

/** A result is of use again only for the very same scenario; earlier versions knew of one look alone, and did not say so. */
function fileOf(folder: string, scenario: Scenario): string {
  const { looks, ...rest } = scenario;
  const content = JSON.stringify(looks === 1 ? rest : scenario);
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 8);
  return join(folder, 'units', `${scenario.name}.${hash}.json`);
}

/** Undefined when there is none, or none that can be read. */
export function keptUnit(folder: string, scenario: Scenario): UnitResult | undefined {
  try {
    return upToDate(JSON.parse(readFileSync(fileOf(folder, scenario), 'utf8')) as UnitResult, scenario);
  } catch {
    return undefined;
  }
}

/** Keeps a result for later, whole or not at all. */
export function keepUnit(folder: string, scenario: Scenario, result: UnitResult): void {
  const file = fileOf(folder, scenario);
  makeFolder(dirname(file));
  writeFileSync(`${file}.new`, JSON.stringify(result));
  renameSync(`${file}.new`, file);
}
