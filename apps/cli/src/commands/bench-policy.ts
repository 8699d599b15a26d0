import { Exit } from '@weir/base';
import { z } from 'zod';
import { policyCost } from '../bench/policy/policy-cost.ts';
import { defineCommand } from '../command.ts';

const count = (most: number) =>
  z
    .number('expected a number')
    .int('expected a whole number')
    .min(1, 'must be >= 1')
    .max(most, `must be <= ${most}`);

export default defineCommand({
  name: 'weir bench policy',
  summary:
    'What agents cost a PolicyService: simulated ones over real streams from other processes, each with a connection of its own, one outcome a second, its state as agents tell it, two variants, one target. Processor time and memory are the service’s own; times hold on a quiet machine alone.',
  schema: z.object({
    agents: count(16_000).default(1_000).describe('Agents; a server takes 16,384 connections.'),
    perCell: count(20_000).default(50).describe('Agents of one cell.'),
    seconds: z
      .number('expected a number')
      .positive('must be > 0')
      .default(20)
      .describe('Length of the measurement, s, after all have joined.'),
    json: z.boolean().default(false).describe('One JSON document on stdout instead of lines for people.'),
  }),
  examples: [
    'weir bench policy',
    'weir bench policy --agents 5000 --per-cell 50 --json',
    'weir bench policy --agents 2000 --per-cell 2000',
  ],
  async run({ agents, perCell, seconds, json: _ }, { signal, out, print, progress }) {
    const cost = await policyCost({ agents, perCell, seconds, signal, progress });
    out(cost);
    const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
    const both = ({ p50, p99 }: { p50: number; p99: number }) => `p50 ${ms(p50)}, p99 ${ms(p99)}`;
    print(`agents            ${agents}, ${perCell} a cell`);
    print(
      `joining           all after ${(cost.joinMs / 1_000).toFixed(1)} s; ${cost.joinCpuMsPerAgent.toFixed(2)} ms of processor time and ${cost.directivesPerJoin.toFixed(1)} directives an agent`,
    );
    print(
      `processor time    ${cost.cpuMsPerAgentSecond.toFixed(3)} ms a second and agent, ${cost.mainMsPerAgentSecond.toFixed(3)} of it on the thread that serves`,
    );
    print(`memory            ${(cost.rssPerAgentBytes / 1_024).toFixed(0)} KiB an agent`);
    print(
      `acknowledgements  ${both(cost.ackMs)}; ${cost.acknowledgedPerSecond.toFixed(0)} outcomes a second, ${cost.outcomesPerMessage.toFixed(1)} a message`,
    );
    print(`serving thread    late by ${both(cost.loopLagMs)}`);
    print(
      `plans             ${both(cost.planMs)}; ${cost.directivesPerSecond.toFixed(0)} directives a second`,
    );
    return Exit.done;
  },
});
