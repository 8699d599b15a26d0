import { FakeClock, silentLogger } from '@weir/base';
import { defaultObjective, type Directive } from '@weir/domain';
import { CellOrchestrator, type OrchestratorOptions } from './orchestrator.ts';
import { createFastestMean } from './learner.fixture.ts';
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
