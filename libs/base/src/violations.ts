import { type FieldViolation, InvalidInput } from './errors.ts';

/** Characters of a name that another process gives. */
export const maxIdLength = 128;
/** Faults kept of one message; whoever made more mends these first, and an answer stays short. */
const maxFound = 64;

/** Collects the faults of one message so that all are reported together. */
export class Violations {
  readonly #found: FieldViolation[] = [];

  get found(): readonly FieldViolation[] {
    return this.#found;
  }

  /** Records a fault unless the field is `good`. Returns whether it is. */
  check(good: boolean, field: string, description: string): boolean {
    if (!good && this.#found.length < maxFound) this.#found.push({ field, description });
    return good;
  }

  /** 1..128 characters. */
  id(value: string, field: string): boolean {
    if (value.length >= 1 && value.length <= maxIdLength) return true;
    return this.check(false, field, `expected 1..${maxIdLength} characters, got ${value.length}`);
  }

  /** A finite number within [min, max], or (min, max] when `above`. */
  number(
    value: number,
    field: string,
    { min = 0, max = Number.MAX_VALUE, above = false }: { min?: number; max?: number; above?: boolean } = {},
  ): boolean {
    const good = Number.isFinite(value) && (above ? value > min : value >= min) && value <= max;
    if (good) return true;
    const range = max === Number.MAX_VALUE ? `${above ? '>' : '>='} ${min}` : `${min}..${max}`;
    return this.check(false, field, `expected a number ${range}, got ${value}`);
  }

  /** The first `limit` items of a list; a longer one is a fault. */
  list<T>(values: readonly T[], field: string, limit: number): readonly T[] {
    if (values.length <= limit) return values;
    this.check(false, field, `expected at most ${limit}, got ${values.length}`);
    return values.slice(0, limit);
  }

  /** Throws InvalidInput when anything was found. */
  throwIfAny(): void {
    if (this.#found.length > 0) throw new InvalidInput(this.#found);
  }
}
