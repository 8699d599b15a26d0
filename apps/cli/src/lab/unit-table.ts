import type { KnownAccuracy, MeasuredShare } from '@weir/cell';
import { type FloorWatch, type LearnerResult, type LooksResult, type UnitResult, inWords } from '@weir/lab';
import Table from 'cli-table3';
import { ms, percent } from '../words.ts';

const signed = (value: number | null | undefined, digits = 1): string =>
  value === null || value === undefined || Number.isNaN(value)
    ? '–'
    : `${value > 0 ? '+' : ''}${value.toFixed(digits)}`;
const gap = ({ gapToOraclePct, gapToOracleIntervalPct: interval }: LearnerResult): string =>
  `${signed(gapToOraclePct)} %${interval === null ? '' : ` (${signed(interval.low)} to ${signed(interval.high)})`}`;
const watched = (watch: FloorWatch | null): string =>
  watch === null ? '–' : `${watch.floorViolations} of ${watch.frames}`;
const twice = (looks: LooksResult | null): string => percent(looks?.share);
/** A line about what did not run, or none. */
const unable = ({ unable: rules = [] }: { readonly unable?: readonly string[] }): string[] =>
  rules.length === 0 ? [] : [`did not run, as nothing lets it meet the floor: ${rules.join(', ')}`];
const found = (epochs: number | null): string => (epochs === null ? 'never' : String(epochs));

/** One experiment's result for people. */
export function unitTable(unit: UnitResult): string {
  switch (unit.kind) {
    case 'epochs': {
      const { oracle, prediction, floor } = unit;
      const rows = unit.learners.map((each) => [
        each.learner,
        ms(each.steadyMs.mean),
        ms(each.responseMs.p95),
        gap(each),
        each.overOffloadOnlyPct === null ? '–' : `${signed(each.overOffloadOnlyPct)} %`,
        `${percent(each.accuracy.top1.mean)} (promised ${percent(each.accuracy.expected, 2)})`,
        twice(each.looks),
        found(each.interactionsTo5pct),
        String(each.floorViolations),
      ]);
      return [
        `${unit.title}: ${unit.users} users, floor ${floor.label} (${percent(floor.value, 2)}), ${unit.seconds.toFixed(0)} s`,
        table(
          [
            'learner',
            'response',
            'p95',
            'over oracle (95 %)',
            'over offload-only',
            'right',
            'looked twice',
            'epochs to 5 %',
            'below floor',
          ],
          rows,
        ),
        ...unable(unit),
        `oracle, measured: ${ms(oracle.meanMs)}: ${inWords(oracle.placements)} (best of ${oracle.compared.toLocaleString('en')}); with the best variant alone ${ms(oracle.offloadOnlyMs)}`,
        `the cost table predicted ${prediction.epochs} epochs within ${prediction.meanAbsoluteErrorPct.toFixed(1)} % on average (bias ${signed(prediction.biasPct)} %)`,
        'real: processes, gRPC, models and answers, queues, learning; emulated: links, speed of the processors',
      ].join('\n');
    }
    case 'arrivals': {
      const rows = unit.rules.map((each) => [
        each.rule,
        ms(each.responseMs.mean),
        ms(each.responseMs.p95),
        `${signed(each.overStaticPct)} %`,
        `${percent(each.accuracy.top1.mean)} (promised ${percent(each.accuracy.expected, 2)})`,
        twice(each.looks),
        String(each.frames),
        String(each.failed),
        watched(each),
        watched(each.warmup),
        watched(each.learning),
      ]);
      return [
        `${unit.title}: ${unit.users} users, ${unit.framesPerSecondAndDevice.toFixed(2)} frames/s each, floor ${percent(unit.floor.value, 2)}, ${unit.seconds.toFixed(0)} s`,
        table(
          [
            'rule',
            'response',
            'p95',
            'over static',
            'right',
            'looked twice',
            'frames',
            'failed',
            'below floor',
            'in warm-ups',
            'while learning',
          ],
          rows,
        ),
        ...unable(unit),
        `static: ${inWords(unit.static.placements)} (predicted ${ms(unit.static.predictedMs)})`,
      ].join('\n');
    }
    case 'adaptation': {
      const rows = unit.learners.map(({ learner, recoveryEpochs }) => [
        learner,
        ...recoveryEpochs.map(found),
      ]);
      return [
        `${unit.title}, ${unit.seconds.toFixed(0)} s`,
        table(
          ['learner', ...unit.events.map(({ label, epoch }) => `${label} (epoch ${epoch}): epochs to 5 %`)],
          rows,
        ),
      ].join('\n');
    }
    case 'transfer': {
      const rows = unit.starts.map(({ start, interactionsTo5pct, regretMs }) => [
        start,
        found(interactionsTo5pct),
        ms(regretMs),
      ]);
      return [
        `${unit.title}: ${unit.learner}, from ${unit.from} to ${unit.to}, ${unit.seconds.toFixed(0)} s`,
        table(['start', 'epochs to 5 %', 'regret'], rows),
      ].join('\n');
    }
    case 'pictures':
      return picturesTable(unit);
    case 'learning': {
      const rows = unit.learners.map(({ learner, interactionsTo5pct, floorViolations, curve }) => [
        learner,
        found(interactionsTo5pct),
        String(floorViolations),
        ms(curve.at(-1)?.tableMs),
      ]);
      return [
        `${unit.title}: oracle ${ms(unit.oracleMs)}, ${unit.seconds.toFixed(0)} s`,
        table(['learner', 'epochs to 5 %', 'below floor', 'at the end'], rows),
      ].join('\n');
    }
  }
}

function picturesTable(unit: Extract<UnitResult, { kind: 'pictures' }>): string {
  const bounded = (share: MeasuredShare | null) =>
    share === null
      ? '–'
      : `${percent(share.measured)} ≥ ${percent(share.lowerBound)} (promised ${percent(share.promised)}, ${share.count})`;
  const corrected = ({ correction }: KnownAccuracy) =>
    correction === null
      ? '–'
      : [
          ...(correction.shortfall > 0 ? [`all −${percent(correction.shortfall)}`] : []),
          ...correction.firsts.map(
            ({ variant, loss, share }) =>
              `${variant}: loss × ${loss.toFixed(2)}, share × ${share.toFixed(2)}`,
          ),
        ].join('; ');
  const rows = unit.blocks.map((block) => [
    block.changed ? 'changed' : 'as before',
    String(block.frames),
    percent(block.right.mean),
    percent(block.bestRight),
    percent(block.firstRight),
    percent(block.promised, 2),
    percent(block.looks),
    ms(block.meanMs),
    bounded(block.known.audits),
    bounded(block.known.truths),
    corrected(block.known),
  ]);
  return [
    `${unit.title}: ${unit.learner}, ${unit.users} users, floor ${unit.floor.label} (${percent(unit.floor.value, 2)}), contrast × ${unit.contrast}, audits ${percent(unit.audits)}, ${unit.seconds.toFixed(0)} s`,
    table(
      [
        'pictures',
        'frames',
        'right',
        'best variant',
        'first look',
        'promised',
        'looked twice',
        'response',
        'audits agree',
        'truths right',
        'correction',
      ],
      rows,
    ),
    unit.framesToRecover === null
      ? 'right answers did not come back to what the floor allows against the best variant'
      : `right answers are back to what the floor allows against the best variant ${unit.framesToRecover} frames after the change`,
  ].join('\n');
}

function table(head: string[], rows: readonly string[][]): string {
  const drawn = new Table({ head, style: { head: [], border: [] } });
  drawn.push(...rows.map((row) => [...row]));
  return drawn.toString();
}
