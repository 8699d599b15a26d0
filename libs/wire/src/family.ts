import type { Violations } from '@weir/base';
import type { FamilyIdentity } from '@weir/domain';
import type { common } from '@weir/proto';
import { limits } from './limits.ts';

/** What is only ever compared; undefined when empty, and, told, when it is too long to be kept. */
export function comparedFromWire(text: string, field: string, told: Violations): string | undefined {
  const kept = told.check(
    text.length <= limits.idLength,
    field,
    `expected at most ${limits.idLength} characters`,
  );
  return kept && text !== '' ? text : undefined;
}

/** Undefined without a name and a version. */
export function familyFromWire(
  wire: common.Family | undefined,
  field: string,
  told: Violations,
): FamilyIdentity | undefined {
  const name = comparedFromWire(wire?.name ?? '', `${field}.name`, told);
  const version = comparedFromWire(wire?.version ?? '', `${field}.version`, told);
  return name !== undefined && version !== undefined ? { name, version } : undefined;
}
