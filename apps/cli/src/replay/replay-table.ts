import type { Estimate } from '@weir/base';
import type { ReplayResult } from '@weir/simulation';
import Table from 'cli-table3';

const ms = (value: number) => `${value.toFixed(1)} ms`;
const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
const points = (value: number) => `${(100 * value).toFixed(2)} %`;
const joule = (value: number) => `${value.toFixed(2)} J`;
const interval = ({ mean, low, high }: Estimate, say: (value: number) => string) =>
  `${say(mean)} (${say(low)} to ${say(high)})`;
const unknown = 'the journal cannot tell';

/** For people: what happened beside what would have. */
export function replayTable({
  frames,
  from,
  to,
  logged,
  asked,
  check,
  evidence,
  reasons,
}: ReplayResult): string {
  const table = new Table({ head: ['', 'as it was', 'as asked'], style: { head: [], border: [] } });
  const tiers = [...new Set([...Object.keys(logged.tiers), ...Object.keys(asked.tiers)])].sort();
  table.push(
    [
      'response, mean (95 %)',
      ms(logged.responseMs),
      asked.responseMs ? interval(asked.responseMs, ms) : unknown,
    ],
    [
      '95th percentile, by the model alone',
      ms(logged.p95Ms),
      asked.p95Ms === undefined ? unknown : ms(asked.p95Ms),
    ],
    ['accuracy, as promised', points(logged.accuracy), interval(asked.accuracy, points)],
    ['energy per frame', joule(logged.energyJ), asked.energyJ ? interval(asked.energyJ, joule) : unknown],
    ...tiers.map((tier) => [
      `frames first seen by: ${tier}`,
      percent(logged.tiers[tier] ?? 0),
      percent(asked.tiers[tier] ?? 0),
    ]),
    ['frames looked at twice', percent(logged.secondLooks), percent(asked.secondLooks)],
  );
  const day = (at: number) => new Date(at).toISOString().slice(0, 19).replace('T', ' ');
  return [
    `${frames} frames from ${day(from)} to ${day(to)} UTC, worth ${evidence.effectiveLooks.toFixed(0)} looks of the new policy's`,
    table.toString(),
    `check: of the objective in force the same estimate says ${interval(check, ms)}, and it was ${ms(logged.responseMs)}`,
    ...(evidence.clipped > 0.001 ? [`${percent(evidence.clipped)} of the weights were clipped`] : []),
    ...(evidence.together > 0.05
      ? [
          `${percent(evidence.together)} of the looks were computed together with others: the model takes them one by one`,
        ]
      : []),
    ...reasons.map((reason) => `no figure: ${reason}`),
  ].join('\n');
}
