import type { CellDescription, KnownAccuracy, MetricsEndpoint } from '@weir/cell';
import { learnerName } from '@weir/learning';
import { percent } from '../words.ts';
import { auditsLine, correctionLine } from './known-lines.ts';
import type { Learning } from './learning.ts';
import { measuredAccuracy } from './measured.ts';
import { expectedOf, type ServedDevice } from './others-view.ts';
import { emulatedParts, learnerLine, measuredLine, metricsUrls } from './report.ts';

/** A run whose frames came from applications of somebody else. */
export interface OthersRun {
  readonly description: CellDescription;
  readonly devices: readonly ServedDevice[];
  readonly restarts: Readonly<Record<string, number>>;
  readonly metrics: readonly MetricsEndpoint[];
  /** That the cell was up. */
  readonly seconds: number;
  readonly learning: Learning | null;
  readonly known: KnownAccuracy;
}

/** What such a run was, as its agents tell: the `--json` document, and the same for people. */
export function othersReport(run: OthersRun): { document: object; text: string } {
  const { description, devices, restarts, metrics, seconds, learning, known } = run;
  const { audits, correction } = known;
  const floor = description.objective.accuracyFloor;
  const learner = learnerName(description.learner);
  const emulated = emulatedParts(description);
  const measured = measuredAccuracy(devices.map(({ status }) => ({ measured: status?.measured })));
  const counts = devices.map((device) => {
    const { answered = 0n, failed = 0n } = device.status ?? {};
    return {
      device,
      succeeded: Number(answered),
      failed: Number(failed),
      expected: expectedOf(device) ?? null,
    };
  });
  const sum = (of: (count: (typeof counts)[number]) => number) =>
    counts.reduce((total, count) => total + of(count), 0);
  const [succeeded, failed] = [sum((count) => count.succeeded), sum((count) => count.failed)];
  const expected = succeeded > 0 ? sum((count) => count.succeeded * (count.expected ?? 0)) / succeeded : null;
  const document = {
    rate: 0,
    requests: succeeded + failed,
    succeeded,
    failed,
    accuracy: { expected, floor, measured, audits, correction },
    learner,
    learning,
    seconds,
    devices: counts.map(({ device, ...count }) => ({
      id: device.id,
      address: device.address,
      requests: count.succeeded + count.failed,
      succeeded: count.succeeded,
      failed: count.failed,
      accuracy: {
        expected: count.expected,
        measured: measuredAccuracy([{ measured: device.status?.measured }]),
      },
    })),
    restarts,
    metrics: metricsUrls(metrics),
    emulated,
    real: realParts,
  };
  const text = [
    `${succeeded} of ${succeeded + failed} frames of your applications answered in ${seconds.toFixed(1)} s`,
    `  accuracy   expected ${percent(expected)}, floor ${percent(floor)}`,
    ...(measured ? [`  measured   ${measuredLine(measured)}`] : []),
    ...(audits ? [`  audited    ${auditsLine(audits)}`] : []),
    ...(correction ? [`  corrected  ${correctionLine(correction)}`] : []),
    `  devices    ${counts.map(({ device: { id, address }, ...count }) => `${id} (${address}) ${count.succeeded}${count.failed > 0 ? `, ${count.failed} failed` : ''}`).join('; ')}`,
    ...(Object.keys(restarts).length > 0
      ? [
          `  restarts   ${Object.entries(restarts)
            .map(([name, count]) => `${name} ${count}`)
            .join(', ')}`,
        ]
      : []),
    `  learner    ${learnerLine(learner, learning)}`,
    `  emulated   ${emulated.join('; ') || 'nothing'}`,
    `  real       ${realParts.join('; ')}`,
  ].join('\n');
  return { document, text };
}

const realParts = ['processes', 'gRPC', 'models and their answers', 'pictures', 'queues'];
