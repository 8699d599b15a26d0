import type { RunCommand } from './command.ts';

/** One command of the CLI as `weir --help` lists it; its file is loaded only when it is asked for. */
export interface CommandEntry {
  readonly summary: string;
  load(): Promise<{ default: RunCommand }>;
}

/** Every command by the words that the user types; a first word that several share is a group. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  up: {
    summary: 'A whole cell on this machine, with labelled pictures flowing through it.',
    load: () => import('./commands/up.ts'),
  },
  infer: {
    summary: 'Asks what pictures show.',
    load: () => import('./commands/infer.ts'),
  },
  console: {
    summary: 'A web page over a cell that runs already (weir up serves its own).',
    load: () => import('./commands/console.ts'),
  },
  'models list': {
    summary: 'The variants of a model family, with their accuracy and latency.',
    load: () => import('./commands/models-list.ts'),
  },
  'models verify': {
    summary: 'Measures a model family again and compares.',
    load: () => import('./commands/models-verify.ts'),
  },
  'models import': {
    summary: 'Makes a variant out of an ONNX file of your own.',
    load: () => import('./commands/models-import.ts'),
  },
  learn: {
    summary: 'Learners in the simulator: how fast and how well they learn.',
    load: () => import('./commands/learn.ts'),
  },
  'lab run': {
    summary: 'One experiment on a living cell: learners side by side, against the measured oracle.',
    load: () => import('./commands/lab-run.ts'),
  },
  'lab reproduce': {
    summary: "The paper's whole evaluation on living cells, with a report.",
    load: () => import('./commands/lab-reproduce.ts'),
  },
  'lab list': {
    summary: 'The experiments that come with Weir.',
    load: () => import('./commands/lab-list.ts'),
  },
  'lab trace': {
    summary: 'Writes a series of rate and delay that drives emulated links.',
    load: () => import('./commands/lab-trace.ts'),
  },
  'bench plan': {
    summary: 'How long a plan and a dispatch take, and how far a plan may be off.',
    load: () => import('./commands/bench-plan.ts'),
  },
  'bench observability': {
    summary: 'What tracing and the console cost: processor time and throughput without and with them.',
    load: () => import('./commands/bench-observability.ts'),
  },
  'bench orchestrate': {
    summary: 'What orchestration costs on top of a bare gRPC stream.',
    load: () => import('./commands/bench-orchestrate.ts'),
  },
};
