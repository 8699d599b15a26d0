import { type FieldViolation, Violations } from '@weir/base';

/**
 * A message as far as it is usable. Only what a message is about (whose it is, what it asks for) makes it refused; an
 * unusable entry or figure is left out and told, because a session that ended for it would end again at every try.
 */
export interface Received<T> {
  readonly value: T;
  /** What was left out, and what would have been good; empty for a message without faults. */
  readonly leftOut: readonly FieldViolation[];
}

/** What `convert` gives when it finds no fault; else undefined, its faults being told. */
export function usable<T>(told: Violations, convert: (faults: Violations) => T): T | undefined {
  const faults = new Violations();
  const value = convert(faults);
  for (const { field, description } of faults.found) told.check(false, field, description);
  return faults.found.length === 0 ? value : undefined;
}

/** The usable entries of a list, no more than `limit`, no two with the same key: the first counts. */
export function usableEntries<Wire, T>(
  entries: readonly Wire[],
  field: string,
  {
    told,
    limit,
    keyOf,
    convert,
  }: {
    readonly told: Violations;
    readonly limit: number;
    readonly keyOf: (entry: T) => string;
    readonly convert: (entry: Wire, field: string, faults: Violations) => T;
  },
): T[] {
  const kept = new Map<string, T>();
  let twice: string | undefined;
  for (const [index, wire] of told.list(entries, field, limit).entries()) {
    const entry = usable(told, (faults) => convert(wire, `${field}[${index}]`, faults));
    if (entry === undefined) continue;
    const key = keyOf(entry);
    if (kept.has(key)) twice ??= key;
    else kept.set(key, entry);
  }
  told.check(twice === undefined, field, `${twice} appears twice`);
  return [...kept.values()];
}

/** Fields that one peer is told of. */
const maxFieldsTold = 256;

/** Hands on what was left out, each field once: messages repeat themselves, some many times a second. */
export function tellOnce(
  tell: (leftOut: readonly FieldViolation[]) => void,
): (leftOut: readonly FieldViolation[]) => void {
  const told = new Set<string>();
  return (leftOut) => {
    const news = leftOut.filter(({ field }) => !told.has(field) && told.size < maxFieldsTold);
    if (news.length === 0) return;
    for (const { field } of news) told.add(field);
    tell(news);
  };
}
