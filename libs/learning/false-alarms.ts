/**
 * How often a change is called where there is none, and how soon where there is one: a belief about one time watches streams
 * with 6 % noise and 2 % outliers, two to twenty times the time, that come singly or in bursts:
 * `npx node libs/learning/false-alarms.ts [STREAMS] [CHANGES]`. Prints Markdown.
 */
import { alarms, delays } from './src/beliefs/change-detector.fixture.ts';

const [streams = 100, changes = 400] = process.argv.slice(2).map(Number);
const outcomes = 10_000;

console.log(
  `| outliers | alarms in ${outcomes} outcomes | outcomes until +10 % is noticed, median | 90th percentile |`,
);
console.log('|---|---|---|---|');
for (const [title, burst] of [
  ['singly', 1],
  ['in bursts of three', 3],
  ['in bursts of six', 6],
] as const) {
  const stream = { noise: 0.06, outliers: 0.02, burst };
  let count = 0;
  for (let seed = 1; seed <= streams; seed++) count += alarms({ ...stream, seed }, outcomes);
  const sorted = delays(1.1, stream, changes);
  const at = (p: number) => sorted[Math.floor(p * changes)];
  console.log(`| ${title} | ${(count / streams).toFixed(2)} | ${at(0.5)} | ${at(0.9)} |`);
}
