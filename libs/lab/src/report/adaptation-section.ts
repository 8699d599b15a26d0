import { percentile } from '@weir/base';
import type { AdaptationResult, CurvePoint } from '../measure/results.ts';
import { drawnCurve } from './curve.ts';
import { figure } from './figure.ts';
import { figure as plain, listed, ms, whole } from './format.ts';
import type { Panel } from './plot.ts';
import { lines } from './line-panel.ts';
import { byLearner, learnerLook } from './looks.ts';
import type { Markup } from './markup.ts';
import { table } from './table.ts';

type AdaptingLearner = AdaptationResult['learners'][number];

/** Plot 7: how learners follow a change of the cell. One panel a learner, on the same axes. */
export function adaptationFigure(unit: AdaptationResult, id: string): Markup {
  const learners = unit.learners.toSorted((a, b) => byLearner(a.learner, b.learner));
  const times = learners
    .flatMap(({ curve }) => curve.map(({ responseMs }) => responseMs))
    .filter(Number.isFinite);
  // Single epochs of exploring would press the rest to the ground.
  const top = Math.max(percentile(times, 0.99), ...unit.oracle.map(({ meanMs }) => meanMs)) * 1.05;
  return figure({
    id,
    legend: [{ name: 'oracle in force', kind: 'reference', look: learnerLook('oracle') }],
    panels: learners.map((learner) => panel(unit, learner, top)),
    caption:
      'Mean response of each epoch as measured; light dots: epochs that explored; steps: the oracle in force. What lies above the axis is drawn on its edge.',
    numbers: table(
      'Recovery after each event',
      unit.events.map((event, at) => ({ event, at })),
      [
        { head: 'Event', cell: ({ event }) => event.label },
        { head: 'Before epoch', cell: ({ event }) => event.epoch, figures: true },
        { head: 'Oracle from there on', cell: ({ event }) => ms(oracleAt(unit, event.epoch)), figures: true },
        ...learners.map(({ learner, recoveryEpochs }) => ({
          head: `${learner}: epochs to 5 %`,
          cell: ({ at }: { at: number }) =>
            recoveryEpochs[at] === null ? 'never' : whole(recoveryEpochs[at]),
          figures: true,
        })),
      ],
    ),
  });
}

function panel(
  { title, events, oracle }: AdaptationResult,
  { learner, curve }: AdaptingLearner,
  top: number,
): Panel {
  const last = Math.max(2, ...curve.map(({ epoch }) => epoch));
  return {
    title: learner,
    description: `${title}. Mean response in ms of each epoch of ${learner}, with the oracle in force. Events: ${listed(
      events.map(({ epoch, label }) => `${label} before epoch ${epoch}`),
    )}.`,
    plot: lines(
      [
        {
          learner,
          points: drawnCurve(
            curve.filter(({ explored }) => !explored),
            responseOf,
            'linear',
          ),
          light: drawnCurve(
            curve.filter(({ explored }) => explored),
            responseOf,
            'linear',
          ),
        },
      ],
      { domain: [0, last], ticks: 5, label: 'epochs', tickFormat: whole },
      { domain: [0, top], nice: 5, label: 'response time, ms', tickFormat: plain },
      {
        steps: oracle.map(({ epoch, meanMs }) => ({ x: epoch, y: meanMs })),
        events: events.map(({ epoch, label }) => ({ x: epoch, label })),
      },
    ),
  };
}

const responseOf = ({ responseMs }: CurvePoint): number => responseMs;

const oracleAt = ({ oracle }: AdaptationResult, epoch: number): number | undefined =>
  oracle.findLast((step) => step.epoch <= epoch)?.meanMs;
