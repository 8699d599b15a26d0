import type { CommandEntry } from './command.ts';
import { operatorCommands } from './operator-commands.ts';

/** Every command by the words the user types; a first word that several share is a group. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  up: {
    summary: 'A whole cell on this machine, with labelled pictures flowing through it.',
    load: () => import('./commands/up.ts'),
  },
  infer: {
    summary: 'Classifies pictures.',
    load: () => import('./commands/infer.ts'),
  },
  ...operatorCommands,
  'models list': {
    summary: 'The variants of a model family, with their accuracy and latency.',
    load: () => import('./commands/models-list.ts'),
  },
  'models verify': {
    summary: 'Measures a model family again and compares.',
    load: () => import('./commands/models-verify.ts'),
  },
  'models import': {
    summary: 'Imports your own ONNX file as a variant.',
    load: () => import('./commands/models-import.ts'),
  },
  'models promote': {
    summary: 'Has a canary, or a retired variant, serve wholly.',
    load: () => import('./commands/models-promote.ts'),
  },
  'models retire': {
    summary: 'Takes a variant out, or rolls a canary back.',
    load: () => import('./commands/models-retire.ts'),
  },
  'models pin': {
    summary: 'Has every frame use one variant.',
    load: () => import('./commands/models-pin.ts'),
  },
  'models compare': {
    summary: 'A canary against the variant that it stands in for, in a running cell.',
    load: () => import('./commands/models-compare.ts'),
  },
  learn: {
    summary: 'Learners in the simulator: how fast and how well they learn.',
    load: () => import('./commands/learn.ts'),
  },
  replay: {
    summary: 'From the journal of a cell: what another objective or learner would have cost.',
    load: () => import('./commands/replay.ts'),
  },
  'lab run': {
    summary: 'One experiment on a living cell: learners side by side, against the measured oracle.',
    load: () => import('./commands/lab-run.ts'),
  },
  'lab reproduce': {
    summary: "The paper's whole evaluation on living cells, with a report.",
    load: () => import('./commands/lab-reproduce.ts'),
  },
  'lab looks': {
    summary: 'Second looks against every baseline and both oracles, in virtual time or on living cells.',
    load: () => import('./commands/lab-looks.ts'),
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
    summary: 'Time of a plan and of a dispatch, and the gap of plans to the optimum.',
    load: () => import('./commands/bench-plan.ts'),
  },
  'bench observability': {
    summary: 'Cost of tracing and the console in processor time and throughput.',
    load: () => import('./commands/bench-observability.ts'),
  },
  'bench orchestrate': {
    summary: 'Overhead of orchestration over a bare gRPC stream.',
    load: () => import('./commands/bench-orchestrate.ts'),
  },
  'bench serving': {
    summary: "What a worker adds to a model's own time, against ONNX Runtime alone and other servers.",
    load: () => import('./commands/bench-serving.ts'),
  },
  'bench policy': {
    summary: 'What agents cost a PolicyService in processor time, memory and delay.',
    load: () => import('./commands/bench-policy.ts'),
  },
};
