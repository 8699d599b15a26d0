import Table from 'cli-table3';
import { auditsLine, correctionLine } from '../up/known-lines.ts';
import { ms, percent, size, time } from '../words.ts';
import type { TrialDocument } from './trial.ts';
import type {
  CellDocument,
  DeviceDocument,
  NodeDocument,
  objectiveDocument,
  StatusDocument,
  VersionDocument,
} from './documents.ts';

type ObjectiveDocument = NonNullable<ReturnType<typeof objectiveDocument>>;

export const tableOf = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string => {
  const table = new Table({ head: [...head], style: { head: [], border: [], compact: true } });
  for (const row of rows) table.push([...row]);
  return table.toString();
};

export function objectiveLines(objective: ObjectiveDocument): string[] {
  const { accuracyFloor, deadlineMs, meanWeight, tailWeight, energyMsPerJ } = objective;
  const { allowedTiers, maxLooks, auditShare } = objective;
  return [
    `floor      ${accuracyFloor > 0 ? percent(accuracyFloor) : 'none'}`,
    `deadline   ${ms(deadlineMs)}`,
    `weights    mean ${meanWeight}, 95th percentile ${tailWeight}, energy ${energyMsPerJ} ms per J`,
    `tiers      ${allowedTiers.join(', ')}`,
    `looks      ${maxLooks === 1 ? 'one a frame' : 'up to two a frame'}`,
    ...(auditShare === null ? [] : [`audits     ${percent(auditShare)} of the answers`]),
  ];
}

export function statusLines(status: StatusDocument): string[] {
  const { cellId, learner, objective, accuracy, devices, connected, driftAlarms, planningMs } = status;
  const { plans, exploringPlans, outcomes, predictionError, explorationShare, priorCells } = status;
  const { truths, audits, correction } = accuracy;
  return [
    `cell       ${cellId}, ${connected} of ${devices.length} devices connected`,
    `learner    ${learner}: ${outcomes} outcomes, ${plans} plans, ${exploringPlans} of them exploring (${percent(explorationShare)} of the time); ${driftAlarms} drift alarms`,
    ...(priorCells > 0
      ? [`began      with what ${priorCells} other ${priorCells === 1 ? 'cell' : 'cells'} had learned`]
      : []),
    `plans      take ${ms(planningMs)}, predictions are off by ${percent(predictionError)}`,
    ...(objective ? objectiveLines(objective) : []),
    ...(truths
      ? [
          `measured   of ${truths.count} answers with a label ${percent(truths.measured)} right, ${percent(truths.promised)} promised, at least ${percent(truths.lowerBound)} with ${percent(truths.level, 0)} confidence`,
        ]
      : []),
    ...(audits ? [`audited    ${auditsLine(audits)}`] : []),
    ...(correction ? [`corrected  ${correctionLine(correction)}`] : []),
  ];
}

export const trialTable = ({ canary, control }: TrialDocument): string =>
  tableOf(
    ['', 'frames', 'failed', 'response p50', 'p95', 'compute p50', 'p95', 'agreement', 'accuracy'],
    Object.entries({ canary, control }).flatMap(([role, side]) =>
      side
        ? [
            [
              `${side.variant || '–'} (${role === 'canary' ? 'canary' : 'stood in for'})`,
              side.frames,
              side.failures,
              ms(side.responseP50Ms),
              ms(side.responseP95Ms),
              ms(side.computeP50Ms),
              ms(side.computeP95Ms),
              shareText(side.agreement),
              shareText(side.accuracy),
            ],
          ]
        : [],
    ),
  );

const shareText = (share: { value: number; low: number; high: number; of: number } | null): string =>
  share ? `${percent(share.value)} (${percent(share.low)} to ${percent(share.high)}) of ${share.of}` : '–';

export const devicesTable = (devices: readonly DeviceDocument[]): string =>
  tableOf(
    ['device', 'connected', 'planned at', 'variant', 'second look', 'expected', 'balance'],
    devices.map(({ id, connected, planned, secondLook, expectedMs, balance }) => [
      id,
      connected ? 'yes' : 'no',
      planned ? `${planned.node} (${planned.tier})` : '–',
      planned?.variant ?? '–',
      secondLook ? `${secondLook.node} ${secondLook.variant}` : '–',
      ms(expectedMs),
      balance.toFixed(2),
    ]),
  );

export const nodesTable = (nodes: readonly NodeDocument[]): string =>
  tableOf(
    ['node', 'tier', 'reports', 'processor', 'power', 'slots busy', 'waiting', 'backlog', 'links'],
    nodes.map(({ id, tier, liveness, ageMs, cpuUtilization, powerW, load, links }) => [
      id,
      tier,
      liveness === 'live' ? 'live' : `${liveness}, ${ms(ageMs)} ago`,
      percent(cpuUtilization, 0),
      powerW === null ? '–' : `${powerW.toFixed(1)} W`,
      load ? `${load.inService} of ${load.slots}${load.draining ? ', draining' : ''}` : '–',
      load?.queued ?? '–',
      ms(load?.backlogMs),
      links
        .map(({ to, reachable, roundTripMs }) => `${to} ${reachable ? ms(roundTripMs) : 'unreachable'}`)
        .join(', ') || '–',
    ]),
  );

export const cellsTable = (cells: readonly CellDocument[]): string =>
  tableOf(
    ['cell', 'devices', 'connected', 'plans', 'learner', 'outcomes', 'versions', 'stored', 'last connected'],
    cells.map((cell) => [
      cell.cellId,
      cell.devices,
      cell.connected,
      cell.open ? cell.plans : '–',
      cell.setAside === null ? cell.learner : `set aside: ${cell.setAside}`,
      cell.outcomes,
      cell.versions,
      size(cell.bytes),
      cell.connected > 0 ? 'now' : cell.joinedAgeMs === null ? 'never' : `${time(cell.joinedAgeMs)} ago`,
    ]),
  );

export const versionsTable = (versions: readonly VersionDocument[]): string =>
  tableOf(
    ['version', 'kept', 'why', 'learner', 'outcomes', 'size'],
    versions.map(({ version, ageMs, why, learner, outcomes, bytes }) => [
      version,
      `${time(ageMs)} ago`,
      why,
      learner,
      outcomes,
      size(bytes),
    ]),
  );
