/**
 * The dispatch rule under asynchronous arrivals, as Markdown rows:
 *
 *   npx node libs/simulation/async.ts study '{"devices":[5],"loads":[0.9],"seeds":[1,2,3]}'
 *   npx node libs/simulation/async.ts drift '{"seeds":[1,2,3,4,5]}'
 *
 * The second argument holds AsyncStudyOptions or AsyncDriftOptions as JSON, all optional; a third one, `json`, prints
 * the whole result as one JSON document instead.
 */
import {
  type AsyncDriftOptions,
  type AsyncStudyOptions,
  asyncRules,
  runAsyncDrift,
  runAsyncStudy,
} from './src/index.ts';

const [what = 'study', options = '{}', format = 'markdown'] = process.argv.slice(2);
const given: unknown = JSON.parse(options);
const onProgress = (done: number, total: number) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${done}/${total}${done === total ? '\n' : ''}`);
};
const row = (cells: readonly (string | number)[]) => console.log(`| ${cells.join(' | ')} |`);
const head = (cells: readonly string[]) => {
  row(cells);
  row(cells.map(() => '---'));
};

if (what === 'drift') {
  const phases = runAsyncDrift(given as AsyncDriftOptions, onProgress);
  if (format === 'json') console.log(JSON.stringify(phases, null, 2));
  else {
    head(['drift', 'phase', 'first 8 %', 'next 8 %', 'later %', 'frames to 5 %', 'below floor']);
    for (const { scenario, phase, excessPct, framesToWithin5pct, floorViolations } of phases) {
      const excess = [excessPct.first8, excessPct.next8, excessPct.later].map((pct) => pct.toFixed(1));
      row([scenario, phase, ...excess, framesToWithin5pct, floorViolations]);
    }
  }
} else {
  const result = runAsyncStudy(given as AsyncStudyOptions, onProgress);
  if (format === 'json') console.log(JSON.stringify(result, null, 2));
  else {
    const times = ['mean ms', 'p95 ms', ...asyncRules.map((rule) => `over ${rule} %`)];
    head(['devices', 'arrivals', 'load', 'rule', 'frames', ...times, 'accuracy', 'below floor']);
    for (const { devices, arrivals, load, rule, frames, meanMs, p95Ms, ...rest } of result.rows) {
      const over = asyncRules.map((other) => rest.overPct[other]?.toFixed(1) ?? '');
      const accuracy = rest.accuracy.toFixed(4);
      row([
        devices,
        arrivals,
        load,
        rule,
        frames,
        meanMs.toFixed(1),
        p95Ms.toFixed(0),
        ...over,
        accuracy,
        rest.floorViolations,
      ]);
    }
  }
}
