import { preparePython, python } from '../python/prepare.ts';
import { cannotRun, runSuite } from '../suite.ts';
import { prepareJaeger, preparePrometheus } from './tools.ts';

/**
 * `npm run test:observability`: metrics against a real Prometheus, traces against a real Jaeger, both over a living
 * cell, and the benchmark of what observing costs. Without Prometheus it fails; without Jaeger or Python it leaves out what needs them, and says so. Ends with
 * `N passed, N failed`.
 */
const missing = preparePrometheus();
if (missing) cannotRun(missing);
else {
  const jaeger = prepareJaeger();
  const noPython = preparePython();
  if ('missing' in jaeger) console.error(`Traces are not tested against Jaeger: ${jaeger.missing}`);
  else if (noPython) console.error(noPython);
  runSuite(import.meta.dirname, 'observability', {
    argv: process.argv.slice(2),
    env: {
      WEIR_JAEGER: 'binary' in jaeger ? jaeger.binary : '',
      WEIR_PYTHON: noPython ? '' : python,
    },
  });
}
