import type { CellDescription, KnownAccuracy, MetricsEndpoint, Tally, Totals } from '@weir/cell';
import { learnerName } from '@weir/learning';
import { ms, percent } from '../words.ts';
import type { Learning } from './learning.ts';
import { auditsLine, correctionLine } from './known-lines.ts';
import { type Measured, measuredAccuracy } from './measured.ts';
import type { DeviceView } from './view.ts';

export interface Run {
  readonly description: CellDescription;
  readonly devices: readonly DeviceView[];
  readonly all: Tally;
  readonly restarts: Readonly<Record<string, number>>;
  /** The processes' metrics endpoints. */
  readonly metrics: readonly MetricsEndpoint[];
  /** From the first arrival to the last answer. */
  readonly seconds: number;
  /** From the start of the command; undefined without any answer. */
  readonly firstAnswerMs: number | undefined;
  /** Null when PolicyService reported nothing. */
  readonly learning: Learning | null;
  /** What the cell knows of its accuracy. */
  readonly known: KnownAccuracy;
  /** The frames are random tensors, as nobody has any other for models that classify no pictures. @default false */
  readonly tensors?: boolean;
}

/** Result of a `weir up` run: the `--json` document, and the same for people. */
export function report(run: Run): { document: object; text: string } {
  const { description, devices, all, restarts, metrics, seconds, firstAnswerMs, learning, known, tensors } =
    run;
  const { audits, correction } = known;
  const { objective } = description;
  const learner = learnerName(description.learner);
  const totals = all.totals();
  const emulated = [...(tensors ? ['inputs: random tensors'] : []), ...emulatedParts(description)];
  const real = tensors ? realParts.filter((part) => part !== picturesPart) : realParts;
  const measured = measuredAccuracy(devices);
  const document = {
    ...totals,
    accuracy: { ...totals.accuracy, floor: objective.accuracyFloor, measured, audits, correction },
    learner,
    learning,
    seconds,
    firstAnswerMs: firstAnswerMs ?? null,
    devices: devices.map((device) => {
      const { requests, succeeded, failed, responseMs, placements, looks, ...more } = device.tally.totals();
      const accuracy = { ...more.accuracy, measured: measuredAccuracy([device]) };
      return { id: device.id, requests, succeeded, failed, accuracy, responseMs, placements, looks };
    }),
    restarts,
    metrics: metricsUrls(metrics),
    emulated,
    real,
  };
  const { accuracy, responseMs, hopsMs, placements, looks, reasons, failures } = totals;
  const text = [
    `${totals.succeeded} of ${totals.requests} frames answered in ${seconds.toFixed(1)} s, first answer ${ms(firstAnswerMs)} after the start`,
    `  accuracy   right ${percent(accuracy.top1)}, expected ${percent(accuracy.expected)}, floor ${percent(objective.accuracyFloor)}`,
    ...(measured ? [`  measured   ${measuredLine(measured)}`] : []),
    ...(audits ? [`  audited    ${auditsLine(audits)}`] : []),
    ...(correction ? [`  corrected  ${correctionLine(correction)}`] : []),
    `  response   mean ${ms(responseMs.mean)}, p50 ${ms(responseMs.p50)}, p95 ${ms(responseMs.p95)}, p99 ${ms(responseMs.p99)}`,
    `  hops       ${list(hopsMs, (value) => ms(value))}`,
    `  placements ${placements.map(({ tier, variant, share }) => `${tier} ${variant} ${percent(share, 0)}`).join(', ')}`,
    `  looks      ${looksLine(looks, objective.maxLooks)}`,
    `  because    ${list(reasons, String)}`,
    ...(totals.failed > 0 ? [`  failures   ${list(failures, String)}`] : []),
    ...(Object.keys(restarts).length > 0 ? [`  restarts   ${list(restarts, String)}`] : []),
    `  learner    ${learnerLine(learner, learning)}`,
    `  emulated   ${emulated.join('; ') || 'nothing'}`,
    `  real       ${real.join('; ')}`,
  ].join('\n');
  return { document, text };
}

function looksLine(
  { second, escalationShare, agreed, failed, savedMs }: Totals['looks'],
  maxLooks: number,
): string {
  if (maxLooks < 2) return 'one a frame, as asked for';
  if (escalationShare === null) return 'none';
  const where = second.map(({ tier, variant, share }) => `${tier} ${variant} ${percent(share, 0)}`);
  const twice =
    where.length > 0
      ? `a second at ${percent(escalationShare)} of the frames (${where.join(', ')}), ${percent(agreed, 0)} of them agreed; expected to save ${ms(savedMs)} a frame`
      : 'no second';
  return failed > 0 ? `${twice}; ${failed} second looks failed, the first answer stood` : twice;
}

export const measuredLine = ({ labelled, right, firstRight, promised, lowerBound, level }: Measured) =>
  `of ${labelled} answers with a label ${percent(right)} right (the first looks alone: ${percent(firstRight)}), ${percent(promised)} promised, at least ${percent(lowerBound)} with ${percent(level, 0)} confidence`;

/** By process. */
export const metricsUrls = (metrics: readonly MetricsEndpoint[]): Readonly<Record<string, string>> =>
  Object.fromEntries(metrics.map(({ process, address }) => [process, `http://${address}/metrics`]));

export const learnerLine = (learner: string, learning: Learning | null): string =>
  `${learner}${learning ? `: ${learningLine(learning)}` : ''}`;

function learningLine({ plans, exploringPlans, exploringFrames, explorationShare, driftAlarms }: Learning) {
  const exploring = `${exploringPlans} of them exploring (${exploringFrames} frames, ${percent(explorationShare)} of the time)`;
  return `${plans} plans, ${exploring}; ${driftAlarms} drift alarms`;
}

const picturesPart = 'pictures and labels';
const realParts = ['processes', 'gRPC', 'models and their answers', picturesPart, 'queues'];

export function emulatedParts({ nodes, devices, links }: CellDescription): string[] {
  const speeds = [...nodes, ...devices]
    .filter(({ dilationFactor }) => dilationFactor > 0)
    .map(({ id, dilationFactor }) => `${id} ${dilationFactor}×`);
  const profiles = [...new Set(devices.map((device) => device.links))].map((profile) => {
    const { edge, cloud } = links[profile];
    return `${profile} (edge ${edge.delayMs} ms each way at ${edge.bitsPerSecond / 1e6} Mbit/s, cloud ${cloud.delayMs} ms at ${cloud.bitsPerSecond / 1e6} Mbit/s)`;
  });
  return [
    ...(nodes.length > 0 ? [`links: ${profiles.join(', ')}`] : []),
    ...(speeds.length > 0
      ? [`processors, by their time per model over the reference's: ${speeds.join(', ')}`]
      : []),
  ];
}

const list = <Value>(values: Readonly<Record<string, Value>>, show: (value: Value) => string) =>
  Object.entries(values)
    .map(([name, value]) => `${name.replace(/Ms$/, '')} ${show(value)}`)
    .join(', ');
