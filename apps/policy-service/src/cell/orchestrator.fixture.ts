import { type Clock, FakeClock, silentLogger } from '@weir/base';
import { defaultObjective, type Directive } from '@weir/domain';
import { CellOrchestrator, type OrchestratorOptions } from './orchestrator.ts';
import { createFastestMean } from './learner.fixture.ts';
import { Turnstile } from '../planning/turnstile.ts';
import type { AgentLink } from '../sessions/registry.ts';

const times = { leaseMs: 5_000, replanMs: 1_000, leastReplanMs: 100, graceMs: 10_000 };

/** A cell in virtual time. */
export function cell(more: Partial<OrchestratorOptions> = {}) {
  const clock = new FakeClock(1_000_000);
  let version = 0;
  let ledgers = 0;
  const learner = more.learner ?? createFastestMean();
  const orchestrator = new CellOrchestrator({
    cellId: 'c',
    clock,
    logger: silentLogger,
    learner,
    objective: defaultObjective,
    times,
    maxDevices: 3,
    instanceId: 'instance-1',
    errors: { report: () => {} },
    owned: () => true,
    nextVersion: () => ++version,
    newLedgerId: () => `ledger-${++ledgers}`,
    ...more,
  });
  return { clock, orchestrator, learner };
}

/** A learner that takes so long over each batch, ms, and the turnstile of a loop in which time passes by that alone. */
export function slowLearner(batchMs: number) {
  const learner = createFastestMean();
  const learn = learner.learn.bind(learner);
  let now = 0;
  learner.learn = (outcomes) => {
    now += batchMs;
    learn(outcomes);
  };
  const turnstile = (after: Clock['after']) =>
    new Turnstile({ now: () => now, after, every: () => () => {} });
  return { learner, turnstile };
}

/** An agent's end of a session: what it was told. */
export function agent() {
  const directives: Directive[] = [];
  const ended: Error[] = [];
  const link: AgentLink = {
    push: (directive) => void directives.push(directive),
    end: (reason) => void ended.push(reason),
  };
  return { link, directives, ended, last: () => directives.at(-1)! };
}
