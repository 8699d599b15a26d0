import { mutantsOf } from '../mutant.ts';

export const pace = [
  ...mutantsOf('apps/policy-service/src/sessions', [
    {
      title: 'a busy policy asks for no pause between outcomes',
      file: 'registry.ts',
      find: '...(outcomePauseMs > 0 && { outcomePauseMs }),',
      replace: '',
      specs: ['../cell/orchestrator.spec.ts'],
    },
    {
      title: 'leases are shorter than the pauses between what renews them',
      file: 'registry.ts',
      find: 'Math.max(directive.leaseMs, pausesALease * outcomePauseMs)',
      replace: 'directive.leaseMs',
      specs: ['../cell/orchestrator.spec.ts'],
    },
    {
      title: 'the pause between outcomes grows without limit',
      file: 'outcome-pace.ts',
      find: 'Math.min(pauses.last, Math.max(pauses.first, 2 * before))',
      replace: 'Math.max(pauses.first, 2 * before)',
    },
    {
      title: 'the pause between outcomes is taken back while it is still needed',
      file: 'outcome-pace.ts',
      find: 'share < busy.least',
      replace: 'share < busy.most',
    },
  ]),
  ...mutantsOf('apps/policy-service/src/planning', [
    {
      title: 'a cell plans every second though its devices tell outcomes less often',
      file: 'continuous-planning.ts',
      find: 'outcomePauseMs() / 2 - times.replanMs / 2',
      replace: '0',
    },
    {
      title: 'what actions cost is kept with the plan in force',
      file: 'joint-plan.ts',
      find: 'this.#current = kept;',
      replace: 'this.#current = plan;',
    },
    {
      title: 'all cells that are due at once plan in one turn of the event loop',
      file: 'turnstile.ts',
      find: 'this.#waiting.size > 0 || this.#clock.now() >= this.#endsAt',
      replace: 'false',
    },
    {
      title: 'all that waits has its slice in one turn of the event loop',
      file: 'turnstile.ts',
      find: 'if (this.#clock.now() >= this.#endsAt) return;',
      replace: '',
    },
  ]),
  ...mutantsOf('apps/policy-service/src/cell', [
    {
      title: 'a crowd of outcomes is learned from before any is acknowledged',
      file: 'orchestrator.ts',
      find: 'if (!this.#turns.isUnderWay) this.#inTurn(catchingUp);',
      replace: 'if (!this.#turns.isUnderWay) finish(this.#learnHeld());',
    },
    {
      title: 'what is acknowledged and not learned yet grows without limit',
      file: 'host.ts',
      find: 'await this.orchestrator.caughtUp();',
      replace: '',
    },
  ]),
  ...mutantsOf('libs/dispatch/src', [
    {
      title: 'agents that hear of a longer pause at once go on to send at once',
      file: 'outcome-pause.ts',
      find: '(this.#spreads ? 1 + this.#random() : 1)',
      replace: '1',
    },
    {
      title: 'agents that hear of a longer pause while they wait for the end of a shorter one go on together',
      file: 'outcome-pause.ts',
      find: 'if (pauseMs > this.#pauseMs) this.#spreads = true;',
      replace: '',
    },
    {
      title: 'agents that join together go on to send together',
      file: 'outcome-pause.ts',
      find: '    this.#dueAt = -Infinity;\n    this.#spreads = true;',
      replace: '    this.#dueAt = -Infinity;',
    },
  ]),
  ...mutantsOf('apps/device-agent/src/policy', [
    {
      title: 'outcomes do not wait for the pause that a busy policy asks for',
      file: 'policy-session.ts',
      find: 'Math.max(leastPauseMs, value.outcomePauseMs ?? 0)',
      replace: 'leastPauseMs',
    },
  ]),
];
