import type { Violations } from '@weir/base';
import { fieldName } from './field-name.ts';
import { limits } from './limits.ts';

/** Largest figure of any kind. */
const mostFigure = 1e18;
const longestList = 256;

interface Bounds {
  /** Bytes of all of it, about. */
  readonly most: number;
  /** `any`: infinity may be one, e.g. the time of an answer that never comes. */
  readonly figures: 'finite' | 'any';
}

/** Checks what is passed on as it came: every figure, text and list below a field, and how large they are together. */
export function checkSize(value: unknown, field: string, bounds: Bounds, violations: Violations): void {
  const bytes = weigh(value, field);
  violations.check(bytes <= bounds.most, field, `expected at most ${bounds.most} bytes, got about ${bytes}`);

  /** Returns its bytes, about. */
  function weigh(value: unknown, field: string): number {
    if (typeof value === 'string') {
      const { reportedText } = limits;
      violations.check(value.length <= reportedText, field, `expected at most ${reportedText} characters`);
      return value.length;
    }
    if (typeof value === 'number') {
      if (bounds.figures === 'finite') violations.number(value, field, { min: -mostFigure, max: mostFigure });
      else violations.check(!Number.isNaN(value), field, 'expected a number');
    }
    if (typeof value === 'bigint') violations.number(Number(value), field, { max: mostFigure });
    if (typeof value !== 'object' || value === null) return 8;
    if (Array.isArray(value)) {
      const listed: readonly unknown[] = violations.list(value, field, longestList);
      return listed.reduce<number>((sum, one, at) => sum + weigh(one, `${field}[${at}]`), 0);
    }
    return Object.entries(value).reduce(
      (sum, [key, one]) => sum + weigh(one, `${field}.${fieldName(key)}`),
      0,
    );
  }
}
