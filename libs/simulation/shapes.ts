/**
 * Two scores where the planner adapts, over the whole run and in the steady state, its second half, with what a decision takes, in
 * five shapes of cell at light and at heavy load: `npx node libs/simulation/shapes.ts [SEEDS] [SECONDS] [POINTS]`. POINTS: the floor,
 * so many below the best variant. Poisson arrivals, profile `contended`, the shipped family's accuracies and curves under
 * the sizes of the paper's variants. Response times are virtual; what a decision takes is this machine's. Prints Markdown.
 */
import { mean, median, seededRandom } from '@weir/base';
import type { Dispatcher } from '@weir/dispatch';
import { learnerFactory } from '@weir/learning';
import { shippedFamily } from './shipped-family.ts';
import { createWorld, runAsync, type World } from './src/index.ts';

const [seeds = 3, seconds = 300, points = 0.05] = process.argv.slice(2).map(Number);
const loads = [0.3, 0.9];
const steadyFrom = (1_000 * seconds) / 2;

const family = shippedFamily();
const accuracyFloor = Math.max(...family.variants.map(({ accuracy }) => accuracy)) - points / 100;

interface Shape {
  readonly name: string;
  readonly devices: number;
  readonly unequal?: boolean;
  readonly edges?: number;
}
const shapes: readonly Shape[] = [
  { name: 'one device', devices: 1 },
  { name: 'five equal devices', devices: 5 },
  { name: 'five unequal devices', devices: 5, unequal: true },
  { name: 'five devices, two edges', devices: 5, edges: 2 },
  { name: 'twenty devices', devices: 20 },
];

function worldOf({ devices, unequal = false, edges = 1 }: Shape, maxLooks: number, seed: number): World {
  const options = { profile: 'contended', devices, accuracyFloor, unequal, family, maxLooks } as const;
  const world = createWorld(options, seededRandom(seed));
  const nodes = world.nodes.flatMap((node) =>
    node.tier === 'edge' && edges > 1
      ? Array.from({ length: edges }, (_, at) => ({ ...node, id: `edge-${at + 1}` }))
      : [node],
  );
  return { ...world, nodes };
}

interface Timed {
  readonly at: number;
  readonly us: number;
}

interface Score {
  readonly wholeMs: number;
  readonly steadyMs: number;
  readonly violations: number;
  readonly decisions: readonly Timed[];
}

function run(shape: Shape, load: number, maxLooks: number, seed: number): Score {
  const world = worldOf(shape, maxLooks, seed);
  const decisions: Timed[] = [];
  const { answered, floorViolations } = runAsync({
    world,
    planner: learnerFactory('planner').create({ random: seededRandom(seed).fork('learner') }),
    arrivals: 'poisson',
    load,
    durationMs: 1_000 * seconds,
    seed,
    around: (dispatcher) => timed(dispatcher, decisions),
  });
  const meanFrom = (fromMs: number) =>
    mean(answered.filter(({ cameAt }) => cameAt >= fromMs).map(({ responseMs }) => responseMs));
  return {
    wholeMs: meanFrom(0),
    steadyMs: meanFrom(steadyFrom),
    violations: floorViolations,
    decisions,
  };
}

/** Times where a look goes: `dispatch` and `lookAgain`. */
function timed(dispatcher: Dispatcher, times: Timed[]): Dispatcher {
  const time = <T>(at: number, decide: () => T): T => {
    const started = performance.now();
    try {
      return decide();
    } finally {
      times.push({ at, us: 1_000 * (performance.now() - started) });
    }
  };
  return {
    applyDirective: (...args) => dispatcher.applyDirective(...args),
    renewLease: (...args) => dispatcher.renewLease(...args),
    setFallbackActions: (...args) => dispatcher.setFallbackActions(...args),
    setOwnObjective: (...args) => dispatcher.setOwnObjective(...args),
    reportLoad: (...args) => dispatcher.reportLoad(...args),
    setReachable: (...args) => dispatcher.setReachable(...args),
    leaveTarget: (...args) => dispatcher.leaveTarget(...args),
    setFamily: (...args) => dispatcher.setFamily(...args),
    setForeign: (...args) => dispatcher.setForeign(...args),
    probesDue: (...args) => dispatcher.probesDue(...args),
    probe: (...args) => dispatcher.probe(...args),
    linkCheck: (...args) => dispatcher.linkCheck(...args),
    audits: (...args) => dispatcher.audits(...args),
    explain: () => dispatcher.explain(),
    hedge: (...args) => dispatcher.hedge(...args),
    settle: (...args) => dispatcher.settle(...args),
    account: () => dispatcher.account(),
    status: (...args) => dispatcher.status(...args),
    dispatch: (now, options) => time(now, () => dispatcher.dispatch(now, options)),
    lookAgain: (first, settlement, now, options) =>
      time(now, () => dispatcher.lookAgain(first, settlement, now, options)),
  };
}

// Warms up the compiler.
for (const maxLooks of [1, 2]) run(shapes[1]!, 0.9, maxLooks, 1_000);

console.log(
  `Floor ${(100 * accuracyFloor).toFixed(2)} %, ${seeds} seeds, ${seconds} s; whole run / steady state, in ms and in µs per decision:\n`,
);
console.log('| cell | load | two looks | µs | one look | µs | two over one, steady | below the floor |');
console.log('|---|---|---|---|---|---|---|---|');
for (const shape of shapes)
  for (const load of loads) {
    const [two, one] = [2, 1].map((maxLooks) => {
      const scores = Array.from({ length: seeds }, (_, at) => run(shape, load, maxLooks, 1 + at));
      return {
        wholeMs: mean(scores.map(({ wholeMs }) => wholeMs)),
        steadyMs: mean(scores.map(({ steadyMs }) => steadyMs)),
        violations: scores.reduce((sum, { violations }) => sum + violations, 0),
        wholeUs: medianUs(scores, 0),
        steadyUs: medianUs(scores, steadyFrom),
      };
    }) as [Result, Result];
    const cells = ({ wholeMs, steadyMs, wholeUs, steadyUs }: Result) =>
      `${wholeMs.toFixed(0)} / ${steadyMs.toFixed(0)} | ${wholeUs.toFixed(1)} / ${steadyUs.toFixed(1)}`;
    console.log(
      `| ${shape.name} | ${(100 * load).toFixed(0)} % | ${cells(two)} | ${cells(one)} ` +
        `| ${(100 * (two.steadyMs / one.steadyMs - 1)).toFixed(1).replace('-', '−')} % | ${two.violations + one.violations} |`,
    );
  }

interface Result {
  readonly wholeMs: number;
  readonly steadyMs: number;
  readonly violations: number;
  readonly wholeUs: number;
  readonly steadyUs: number;
}

function medianUs(scores: readonly Score[], fromMs: number): number {
  const counted = scores.flatMap(({ decisions }) => decisions.filter(({ at }) => at >= fromMs));
  return median(counted.map(({ us }) => us));
}
