import { ConfigError, Exit } from '@weir/base';
import { loadFamily } from '@weir/inference';
import Table from 'cli-table3';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import type { Row } from '../bench/serving/figures.ts';
import { type Promised, promisesOf } from '../bench/serving/promises.ts';
import { seriesOf, type ServingCost, servingCost } from '../bench/serving/serving-cost.ts';
import { defineCommand } from '../command.ts';

const name = 'weir bench serving';

export default defineCommand({
  name,
  summary:
    "What serving adds to a model's own time: a worker, by stream and by unary call, against ONNX Runtime alone and, with --peers, against a bare Python gRPC server and MLServer, in turns. Processor time per request is the server's own, so it holds on a busy machine too; rates and times do not.",
  schema: z.object({
    seconds: z
      .number('expected a number')
      .positive('must be > 0')
      .default(1)
      .describe('Length of a turn, s; there are 34 turns in a round, 50 with --peers.'),
    rounds: z
      .number('expected a number')
      .int('expected a whole number')
      .min(1, 'must be >= 1')
      .default(3)
      .describe('Rounds; the figures are medians of them.'),
    peers: z
      .boolean()
      .default(false)
      .describe(
        'Measure the peers too: needs python3 with venv, and PyPI the first time, for an environment in .weir/bench.',
      ),
    only: z
      .array(z.string())
      .default([])
      .describe(
        'Measure only what has all these words in its name, comma-separated; a name is like "weir fp32-64 stream tensor k8 slots1".',
      ),
    models: z.string().optional().describe('Folder of the model family; the embedded one by default.'),
    json: z.boolean().default(false).describe('One JSON document on stdout instead of a table for people.'),
  }),
  examples: [
    'weir bench serving',
    'weir bench serving --peers --rounds 5 --json',
    'weir bench serving --peers --only fp32-64,tensor,k1',
  ],
  async run({ seconds, rounds, peers, only, models, json: _ }, { signal, out, print, progress }) {
    if (seriesOf({ peers, only }).length === 0)
      throw new ConfigError(name, [
        { field: '--only', description: 'nothing has all of these words in its name' },
      ]);
    const family = await asUsage(name, '--models', () => loadFamily(models));
    const cost = await servingCost({ family, seconds, rounds, peers, only, signal, progress });
    const promises = promisesOf(cost);
    const holds = promises.every((promise) => promise.holds);
    out({ ...cost, promises, holds });
    for (const line of [tableOf(cost), ...promises.map(lineOf)]) print(line);
    return holds ? Exit.done : Exit.failed;
  },
});

function tableOf({ rows, raw, peers }: ServingCost): string {
  const table = new Table({
    head: ['server', 'model', 'input', 'at once', 'slots', 'rps', 'p50 ms', 'p99 ms', 'CPU ms', 'client ms'],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'left', 'left', ...Array<'right'>(7).fill('right')],
  });
  for (const { model, rps, cpuMsPerRequest } of raw)
    table.push(['ONNX Runtime', model, 'tensor', 1, 1, rate(rps), '', '', cpuMsPerRequest.toFixed(2), '']);
  const serverOf = ({ peer, call }: Row) => `${peer ?? 'Weir'}, ${call}`;
  for (const row of [...rows, ...peers])
    table.push([
      serverOf(row),
      row.model,
      row.input,
      row.concurrency,
      row.slots,
      rate(row.rps),
      row.p50Ms.toFixed(1),
      row.p99Ms.toFixed(1),
      row.cpuMsPerRequest.toFixed(2),
      row.clientCpuMsPerRequest.toFixed(2),
    ]);
  return table.toString();
}

const rate = (rps: number) => rps.toFixed(0);

const lineOf = ({ what, measured, bound, target, holds }: Promised) =>
  `${what}: ${measured.toFixed(2)}; at ${bound} ${target} is the target: ${holds ? 'kept' : 'NOT kept'}`;
