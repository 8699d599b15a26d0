import { seededRandom } from '@weir/base';
import { defaultObjective } from '@weir/domain';
import { createLearner, type Plan } from '@weir/learning';
import { deviceHello, deviceState, outcome } from './src/sessions/agent.fixture.ts';
import { Members } from './src/cell/members.ts';

// How long a cell of that many devices holds the thread that serves: its observation, its plan by the planner, the longest step of
// that, what a frame of each device teaches, and a snapshot. Each, and each step of a plan, the least of 20 rounds,
// ms, as others may be at work beside:
// node apps/policy-service/planning-time.ts [devices]

const rounds = 20;
/** Rounds in which code is compiled. */
const warmUp = 4;

const count = Number(process.argv[2] ?? 2_000);
const random = seededRandom(1);
const members = new Members();
for (let at = 0; at < count; at++) {
  members.add(deviceHello(`device-${at}`));
  members.update(`device-${at}`, deviceState({ framesPerSecond: 1, targets: deviceHello('').targets }));
}
const learner = createLearner('planner', { random });

const least = { observation: Infinity, learning: Infinity, snapshot: Infinity };
const steps: number[] = [];

function timed<T>(what: () => T): [value: T, ms: number] {
  const startedAt = performance.now();
  return [what(), performance.now() - startedAt];
}

for (let round = -warmUp; round < rounds; round++) {
  const [observation, observationMs] = timed(() =>
    members.observation(1_000 * round, members.cell('c', defaultObjective)),
  );
  const making = learner.planInSteps!(observation);
  const stepMs: number[] = [];
  let plan: Plan | undefined;
  while (!plan) {
    const [step, ms] = timed(() => making.next());
    stepMs.push(ms);
    if (step.done) plan = step.value;
  }
  const answers = [...plan.placements].map(([deviceId, placement]) => {
    const computeMs = (placement.tier === 'edge' ? 48 : 290) * (0.95 + 0.1 * random.uniform());
    const { hops } = outcome(deviceId);
    return outcome(deviceId, { placement, hops: { ...hops, computeMs } });
  });
  const [, learningMs] = timed(() => learner.learn(answers));
  const [, snapshotMs] = timed(() => JSON.stringify(learner.snapshot()));
  if (round < 0) continue;
  stepMs.forEach((ms, at) => (steps[at] = Math.min(steps[at] ?? Infinity, ms)));
  least.observation = Math.min(least.observation, observationMs);
  least.learning = Math.min(least.learning, learningMs);
  least.snapshot = Math.min(least.snapshot, snapshotMs);
}

const plan = steps.reduce((sum, ms) => sum + ms, 0);
console.log(
  JSON.stringify({ devices: count, ...least, plan, steps: steps.length, longestStep: Math.max(...steps) }),
);
