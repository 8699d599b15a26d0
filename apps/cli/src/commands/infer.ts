import { access, constants } from 'node:fs/promises';
import { ConfigError, Exit, hostPort, share, silentLogger, unlessAborted } from '@weir/base';
import { type AgentClient, connectAgent, startCell } from '@weir/cell';
import { loadFamily } from '@weir/inference';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { answerPictures, type PictureResult } from '../infer/answer-pictures.ts';
import { securityFlags, securityOf } from '../operate/flags.ts';
import { againText } from '../look-text.ts';
import { cellOf, checkFloor, looksFlag } from '../up/cell-of.ts';
import { ms, percent } from '../words.ts';

const name = 'weir infer';
const shape = {
  images: z.array(z.string(), 'name at least one picture').describe('PNG or JPEG files.'),
  agent: hostPort()
    .optional()
    .describe('Address of a running DeviceAgent; by default a one-off cell of one device.'),
  timeoutMs: z
    .number('expected a number of ms')
    .positive('must be > 0')
    .default(10_000)
    .describe('Time for each picture, ms.'),
  floor: share().optional().describe('Accuracy floor of the one-off cell, 0..1.'),
  looks: looksFlag,
  models: z
    .string()
    .optional()
    .describe('Folder of the model family of the one-off cell; the embedded one by default.'),
  ...securityFlags,
  json: z.boolean().default(false).describe('One JSON document on stdout instead of lines for people.'),
};
type InferConfig = Readonly<z.output<z.ZodObject<typeof shape>>>;

export default defineCommand({
  name,
  summary:
    'Sends pictures to a DeviceAgent and prints what they show, where each ran, and where the time went.',
  schema: z.object(shape),
  positionals: 'images',
  examples: ['weir infer picture.png', 'weir infer *.jpg --agent 127.0.0.1:7000 --json'],
  async run(config, context) {
    await checkAnyReadable(config.images);
    const { results, unreadable } = await withAgent(config, context, (client) =>
      answerPictures(client, config.images, { ...context, timeoutMs: config.timeoutMs }),
    );
    for (const result of results) context.print(sentence(result));
    context.out({ images: results });
    if (unreadable > 0) return Exit.usage;
    return results.some((result) => 'error' in result) ? Exit.failed : Exit.done;
  },
});

/** Throws ConfigError, naming every file, when there is none to read: before a cell starts for nothing. */
async function checkAnyReadable(files: readonly string[]): Promise<void> {
  const faults = [];
  for (const file of files) {
    try {
      return await access(file, constants.R_OK);
    } catch (error) {
      faults.push({ field: file, description: (error as Error).message });
    }
  }
  throw new ConfigError(name, faults);
}

/** Uses the agent that the flags name, or one of a one-off cell. */
async function withAgent<Value>(
  config: InferConfig,
  { progress, signal }: CommandContext,
  use: (client: AgentClient) => Promise<Value>,
): Promise<Value> {
  if (config.agent !== undefined) {
    const address = config.agent;
    await using client = await asUsage(name, '--agent', () => connectAgent(address, securityOf(config)));
    await unlessAborted(client.ready(), signal);
    return await unlessAborted(use(client), signal);
  }
  const family = await asUsage(name, '--models', () => loadFamily(config.models));
  const { floor, looks, models } = config;
  checkFloor(name, floor, family);
  const description = cellOf(
    { devices: 1, learner: 'planner', floor, looks, profile: 'regular', models, seed: 1 },
    family,
  );
  progress('starting a one-off cell; weir up keeps one running');
  await using cell = await startCell(description, { logger: silentLogger, signal });
  await using client = connectAgent(cell.devices[0]!.address);
  return await unlessAborted(use(client), signal);
}

function sentence(result: PictureResult): string {
  if ('error' in result) return `${result.file}: no answer: ${result.error}`;
  const { file, label, confidence, placement, responseMs, hopsMs, reason, looks, lookAgainBelow } = result;
  const hops = Object.entries(hopsMs).map(([hop, time]) => `${hop.replace(/Ms$/, '')} ${ms(time)}`);
  const [first, ...again] = looks;
  const where = first?.placement ?? placement;
  return [
    `${file}: ${label} (${percent(confidence)})`,
    `  ran on ${where.node} (${where.tier}) with ${where.variant}, ${reason}`,
    ...again.map((look) => `  ${againText(look, { margin: first?.margin, lookAgainBelow })}`),
    `  ${ms(responseMs)}: ${hops.join(', ')}`,
  ].join('\n');
}
