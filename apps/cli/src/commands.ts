import type { RunCommand } from './command.ts';

/** One command as `weir --help` lists it; its file is loaded only when the command runs. */
export interface CommandEntry {
  readonly summary: string;
  load(): Promise<{ default: RunCommand }>;
}

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
  console: {
    summary: 'A web page over a running cell (weir up serves its own).',
    load: () => import('./commands/console.ts'),
  },
  status: {
    summary: 'How a running cell does.',
    load: () => import('./commands/status.ts'),
  },
  devices: {
    summary: 'The devices of a running cell, and what is planned for each.',
    load: () => import('./commands/devices.ts'),
  },
  nodes: {
    summary: 'The nodes of a running cell: load, power, links.',
    load: () => import('./commands/nodes.ts'),
  },
  'objective get': {
    summary: 'What is asked of a running cell.',
    load: () => import('./commands/objective-get.ts'),
  },
  'objective set': {
    summary: 'Changes floor, deadline, weights, tiers, looks or audits of a running cell.',
    load: () => import('./commands/objective-set.ts'),
  },
  'learner set': {
    summary: 'Puts another learner in charge of a running cell.',
    load: () => import('./commands/learner-set.ts'),
  },
  'snapshot export': {
    summary: 'Writes what the learner of a running cell has learned to a file.',
    load: () => import('./commands/snapshot-export.ts'),
  },
  'snapshot import': {
    summary: 'Has the learner of a running cell go on from such a file.',
    load: () => import('./commands/snapshot-import.ts'),
  },
  'pki rights': {
    summary: 'Who may call what, by the identity in the certificate.',
    load: () => import('./commands/pki-rights.ts'),
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
  'pki init': {
    summary: 'Makes the certificate authority of a fleet: a folder.',
    load: () => import('./commands/pki-init.ts'),
  },
  'pki issue': {
    summary: 'A certificate for a device, node, operator or service, as a folder of PEM files.',
    load: () => import('./commands/pki-issue.ts'),
  },
  'pki renew': {
    summary: 'Replaces certificates that are about to expire; for a timer.',
    load: () => import('./commands/pki-renew.ts'),
  },
  'pki revoke': {
    summary: 'Takes certificates back, and writes the list of those.',
    load: () => import('./commands/pki-revoke.ts'),
  },
  'pki show': {
    summary: 'What an authority has issued: until when, and what is revoked.',
    load: () => import('./commands/pki-show.ts'),
  },
  'pki token': {
    summary: 'A token by which one new device gets its certificate.',
    load: () => import('./commands/pki-token.ts'),
  },
  'pki serve': {
    summary: 'Gives certificates to devices with a token, and renews them.',
    load: () => import('./commands/pki-serve.ts'),
  },
  'pki join': {
    summary: 'On a new device: gets its certificate by a token.',
    load: () => import('./commands/pki-join.ts'),
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
