import {
  type Arrivals,
  type AsyncCell,
  type AsyncRule,
  type AsyncDriftJob,
  type AsyncDriftRun,
  type AsyncStudyJob,
  type AsyncStudyRow,
  type AsyncStudyRun,
  type DriftPhase,
  asyncDriftJobs,
  asyncDriftPhases,
  asyncStudyJobs,
  asyncStudyRows,
  rulesOf,
} from '@weir/simulation';
import Table from 'cli-table3';
import { type PoolOptions, runThreads } from './pool.ts';

export type AsyncJob = AsyncStudyJob | AsyncDriftJob;

export interface AsyncStudy {
  readonly cell: AsyncCell;
  readonly devices: readonly number[];
  /** None: no comparison of the rules. */
  readonly arrivals: readonly Arrivals[];
  readonly loads: readonly number[];
  /** True: also how fast the learner follows changes. */
  readonly drift: boolean;
  readonly seeds: readonly number[];
}

export interface AsyncResult {
  /** Compared, in this order. */
  readonly rules: readonly AsyncRule[];
  readonly rows: readonly AsyncStudyRow[];
  readonly drift: readonly DriftPhase[];
}

/** The dispatch rule under asynchronous arrivals, in worker threads. */
export async function runAsyncStudy(study: AsyncStudy, pool: PoolOptions): Promise<AsyncResult> {
  const rowJobs = asyncStudyJobs(study);
  const driftJobs = study.drift ? asyncDriftJobs(study) : [];
  const results = await runThreads<AsyncJob, AsyncStudyRun[] | AsyncDriftRun>([...rowJobs, ...driftJobs], {
    ...pool,
    script: new URL('./async-worker.ts', import.meta.url),
    work: framesOf,
  });
  return {
    rules: rulesOf(study.cell),
    rows: asyncStudyRows(rowJobs, results.slice(0, rowJobs.length) as AsyncStudyRun[][]),
    drift: asyncDriftPhases(driftJobs, results.slice(rowJobs.length) as AsyncDriftRun[]),
  };
}

const framesOf = (job: AsyncJob): number =>
  job.devices * job.framesPerDevice * (job.kind === 'study' ? job.rules.length : 6);

/** For people: a line for each condition, mean response in ms by rule; a line for each change. */
export function asyncTables({ rules, rows, drift }: AsyncResult): string {
  const tables: string[] = [];
  if (rows.length > 0) {
    const twice = rules.includes('one-look');
    const looks = twice ? ['learned over\none-look', 'looked at\ntwice', 'right'] : [];
    const ends = ['accuracy', 'below\nfloor'];
    const table = plain(['devices', 'arrivals', 'load', ...rules, ...overs, ...looks, ...ends]);
    const conditions = Map.groupBy(rows, ({ devices, arrivals, load }) => `${devices} ${arrivals} ${load}`);
    for (const members of conditions.values()) {
      const { devices, arrivals, load } = members[0]!;
      const of = (rule: string) => members.find((row) => row.rule === rule);
      const learned = of('learned')!;
      table.push([
        devices,
        arrivals,
        `${Math.round(100 * load)} %`,
        ...rules.map((rule) => of(rule)?.meanMs.toFixed(1) ?? ''),
        percent(learned.overPct.tiers),
        percent(learned.overPct.static),
        ...(twice
          ? [percent(learned.overPct['one-look']), share(learned.secondLooks), learned.right.toFixed(4)]
          : []),
        learned.accuracy.toFixed(4),
        learned.floorViolations,
      ]);
    }
    tables.push(`mean response, ms, by rule\n${table.toString()}`);
  }
  if (drift.length > 0) {
    const table = plain([
      'devices',
      'change',
      'phase',
      'first 8',
      'next 8',
      'later',
      'to 5 %',
      'below floor',
    ]);
    for (const { devices, scenario, phase, excessPct, framesToWithin5pct, floorViolations } of drift) {
      const { first8, next8, later } = excessPct;
      const excess = [first8, next8, later].map(percent);
      table.push([devices, scenario, phase, ...excess, framesToWithin5pct ?? 'never', floorViolations]);
    }
    tables.push(`response after a change, over known costs, by frames of each device\n${table.toString()}`);
  }
  return tables.join('\n');
}

const overs = ['learned\nover tiers', 'learned\nover static'];
const plain = (head: string[]) => new Table({ head, style: { head: [], border: [] } });
const percent = (value: number | undefined) =>
  value === undefined ? '' : `${value < 0 ? '' : '+'}${value.toFixed(1)} %`;
const share = (fraction: number) => `${(100 * fraction).toFixed(1)} %`;
