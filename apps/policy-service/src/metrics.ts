import { meanAtLeast } from '@weir/base';
import type { CellAccuracy } from '@weir/domain';
import { type Meter, secondsBuckets } from '@weir/telemetry';
import type { OpenCellFigures } from './cell/cells.ts';
import type { Activity } from './internal-errors.ts';

/** Figures of the policy; names, units and labels are described in docs/metrics.md. */
export interface PolicyMetrics {
  /** A plan was made: how long that took, and for how many devices it differs from the one before. */
  planned(plan: { readonly cellId: string; readonly planningMs: number; readonly changes: number }): void;
  /** A cell was deleted because nobody has joined it for too long. */
  cellExpired(): void;
  /** An error that nobody expected. */
  internalError(activity: Activity): void;
  /** Gauges show these cells from now on. */
  watch(cells: { readonly setAside: number; figures(): Iterable<OpenCellFigures> }): void;
  /** A gauge shows the pause between messages of outcomes from now on. */
  watchPace(pace: { readonly outcomePauseMs: number }): void;
}

export function createPolicyMetrics(meter: Meter): PolicyMetrics {
  const planning = meter.createHistogram('weir.plan.duration', {
    unit: 's',
    description: 'Time that a plan took, without what was served between its slices.',
    advice: { explicitBucketBoundaries: secondsBuckets },
  });
  const changes = meter.createCounter('weir.placement.changes', {
    unit: '{change}',
    description: 'Devices whose planned placement a new plan changed.',
  });

  const internalErrors = meter.createCounter('weir.policy.internal_errors', {
    unit: '{error}',
    description: 'Errors of the service or of a learner that were not expected, by what it was doing.',
  });

  const expired = meter.createCounter('weir.cells.expired', {
    unit: '{cell}',
    description: 'Cells that were deleted because no device had joined them for too long.',
  });

  return {
    watchPace(pace) {
      meter
        .createObservableGauge('weir.outcomes.pause', {
          unit: 's',
          description: 'Least time between two messages of outcomes that agents are asked to keep.',
        })
        .addCallback((result) => result.observe(pace.outcomePauseMs / 1_000));
    },
    cellExpired: () => expired.add(1),
    internalError: (activity) => internalErrors.add(1, { 'weir.activity': activity }),
    planned({ cellId, planningMs, changes: count }) {
      planning.record(planningMs / 1_000, { 'weir.cell.id': cellId });
      changes.add(count, { 'weir.cell.id': cellId });
    },
    watch(cells) {
      const counter = (name: string, unit: string, description: string) =>
        meter.createObservableCounter(name, { unit, description });
      const gauge = (name: string, unit: string, description: string) =>
        meter.createObservableGauge(name, { unit, description });
      const interactions = counter('weir.learner.interactions', '{outcome}', 'Outcomes learned from.');
      const plans = counter('weir.learner.plans', '{plan}', 'Plans made.');
      const exploringPlans = counter(
        'weir.learner.exploring_plans',
        '{plan}',
        'Plans that depart from the best one known in order to learn.',
      );
      const exploringFrames = counter(
        'weir.learner.exploring_frames',
        '{frame}',
        'Frames answered where only an exploring plan put them.',
      );
      const alarms = counter(
        'weir.learner.drift_alarms',
        '{alarm}',
        'Changes of the cell that were noticed.',
      );
      const explorationShare = gauge(
        'weir.learner.exploration_share',
        '1',
        'Expected excess of exploring plans over the best ones known, relative to all response time.',
      );
      const error = gauge(
        'weir.prediction.relative_error',
        '1',
        'Mean absolute error of predicted response times relative to the mean response time, last 100 outcomes.',
      );
      const devices = gauge(
        'weir.devices',
        '{device}',
        'Devices in the plan, by whether they are connected.',
      );
      const floor = gauge('weir.accuracy.floor', '1', 'Lowest average accuracy that the cell allows.');
      const promised = gauge(
        'weir.accuracy.promised',
        '1',
        'Accuracy promised of the answers whose truth was told; share of answers promised to agree with the most accurate variant.',
      );
      const measured = gauge(
        'weir.accuracy.measured',
        '1',
        'Share of the same answers that was right; that agreed.',
      );
      const bound = gauge(
        'weir.accuracy.lower_bound',
        '1',
        'Lower confidence bound of that, valid at all times.',
      );
      const audits = counter('weir.audits', '{audit}', 'Answers that the most accurate variant has checked.');
      const shortfall = gauge(
        'weir.accuracy.shortfall',
        '1',
        'Accuracy that every variant is taken to lose.',
      );
      const loss = gauge(
        'weir.accuracy.loss_factor',
        '1',
        'What a variant is taken to lose against the most accurate one, over what its family says.',
      );
      const setAside = gauge('weir.cells.set_aside', '{cell}', 'Cells that could not be opened.');
      meter.addBatchObservableCallback(
        (result) => {
          result.observe(setAside, cells.setAside);
          for (const figures of cells.figures()) {
            const cell = { 'weir.cell.id': figures.cellId };
            const labels = { ...cell, 'weir.learner': figures.learner };
            result.observe(interactions, figures.outcomes, labels);
            result.observe(plans, figures.plans, labels);
            result.observe(exploringPlans, figures.exploringPlans, labels);
            result.observe(exploringFrames, figures.exploringFrames, labels);
            result.observe(alarms, figures.driftAlarms, labels);
            result.observe(explorationShare, figures.explorationShare, labels);
            result.observe(error, figures.predictionError, labels);
            result.observe(floor, figures.objective.accuracyFloor, cell);
            observeAccuracy(result, figures.accuracy, {
              cell,
              promised,
              measured,
              bound,
              audits,
              shortfall,
              loss,
            });
            result.observe(devices, figures.connected, { ...cell, 'weir.connected': 'true' });
            result.observe(devices, figures.devices - figures.connected, {
              ...cell,
              'weir.connected': 'false',
            });
          }
        },
        [
          interactions,
          plans,
          exploringPlans,
          exploringFrames,
          alarms,
          explorationShare,
          error,
          devices,
          floor,
          promised,
          measured,
          bound,
          audits,
          shortfall,
          loss,
          setAside,
        ],
      );
    },
  };
}

type Observable = ReturnType<Meter['createObservableGauge']>;
type BatchObservableResult = Parameters<Parameters<Meter['addBatchObservableCallback']>[0]>[0];

interface AccuracyInstruments {
  readonly cell: Readonly<Record<string, string>>;
  readonly promised: Observable;
  readonly measured: Observable;
  readonly bound: Observable;
  readonly audits: Observable;
  readonly shortfall: Observable;
  readonly loss: Observable;
}

/** By truths and by audits, as far as there are any; what is corrected, also when it is nothing. */
function observeAccuracy(
  result: BatchObservableResult,
  { truths, audits, correction }: CellAccuracy,
  instruments: AccuracyInstruments,
): void {
  const { cell, promised, measured, bound } = instruments;
  if (truths) {
    const labels = { ...cell, 'weir.against': 'truths' };
    const { labelled, right, variation } = truths;
    result.observe(promised, truths.promised, labels);
    result.observe(measured, right, labels);
    result.observe(bound, meanAtLeast({ count: labelled, sum: right * labelled, variation }), labels);
  }
  if (audits) {
    const labels = { ...cell, 'weir.against': 'audits' };
    if (audits.promised !== undefined) result.observe(promised, audits.promised, labels);
    result.observe(measured, audits.agreed, labels);
    result.observe(bound, audits.lowerBound, labels);
  }
  result.observe(instruments.audits, audits?.audits ?? 0, cell);
  result.observe(instruments.shortfall, correction?.shortfall ?? 0, cell);
  for (const { variant, loss } of correction?.firsts ?? [])
    result.observe(instruments.loss, loss, { ...cell, 'weir.variant': variant });
}
