import { type GridCell, type GridRule, gridRules } from '@weir/lab';
import Table from 'cli-table3';

/** Second looks in virtual time for people: mean response times in ms, and the planner against the others. */
export function gridTable(cells: readonly GridCell[]): string {
  const drawn = new Table({
    head: [
      'experiment',
      'users',
      'floor',
      ...gridRules,
      'over one look',
      'over the best baseline',
      'over the oracle',
      'promised',
      'below floor',
    ],
    style: { head: [], border: [] },
  });
  for (const { experiment, users, floor, rules, floorViolations, exact } of cells) {
    const planner = rules.planner!;
    const over = (rule: GridRule) => versus(planner.meanMs, rules[rule]?.meanMs);
    const best = Math.min(...baselines.map((rule) => rules[rule]?.meanMs ?? Infinity));
    drawn.push([
      experiment,
      String(users),
      floor.label,
      ...gridRules.map((rule) => rules[rule]?.meanMs.toFixed(0) ?? '–'),
      over('planner-one-look'),
      versus(planner.meanMs, best),
      `${over('oracle-two-looks')}${exact ? '' : ' *'}`,
      `${(100 * planner.accuracy).toFixed(2)} %`,
      String(floorViolations),
    ]);
  }
  return `${drawn.toString()}\nmean response in ms, then the planner against others\n* not proven: a search found nothing quicker`;
}

/** What the planner has to beat; none of them is an oracle. */
const baselines: readonly GridRule[] = ['offload-only', 'escalate-25', 'threshold', 'hi-lcb'];

function versus(value: number, other: number | undefined): string {
  if (other === undefined || other === Infinity) return '–';
  const percent = 100 * (value / other - 1);
  return `${percent > 0 ? '+' : percent < 0 ? '−' : ''}${Math.abs(percent).toFixed(1)} %`;
}
