import { readFile } from 'node:fs/promises';
import { ConfigError, Exit, InvalidInput, hostPort, share, silentLogger } from '@weir/base';
import { type AgentClient, connectAgent, startCell } from '@weir/cell';
import { loadFamily } from '@weir/inference';
import type { agent } from '@weir/proto';
import { reasonName } from '@weir/wire';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { againText, describeLook, describePlacement } from '../look-text.ts';
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
  tlsCa: z.string().optional().describe("Authorities that the agent's certificate must come from, PEM file."),
  tlsCert: z.string().optional().describe('Certificate to present to the agent, PEM file.'),
  tlsKey: z.string().optional().describe('Private key of the certificate, PEM file.'),
  allowPlaintext: z.boolean().default(false).describe('Talk to an agent on another machine without TLS.'),
  json: z.boolean().default(false).describe('One JSON document on stdout instead of lines for people.'),
};
type InferConfig = Readonly<z.output<z.ZodObject<typeof shape>>>;

interface Picture {
  readonly file: string;
  readonly image: Uint8Array;
}

export default defineCommand({
  name,
  summary:
    'Sends pictures to a DeviceAgent and prints what they show, where each ran, and where the time went.',
  schema: z.object(shape),
  positionals: 'images',
  examples: ['weir infer picture.png', 'weir infer *.jpg --agent 127.0.0.1:7000 --json'],
  async run(config, context) {
    const pictures = await readPictures(config.images);
    const answers = await withAgent(config, context, (client) =>
      answerAll(client, pictures, config, context),
    );
    if (!answers) return Exit.interrupted;
    for (const result of answers) context.print(sentence(result));
    context.out({ images: answers });
    return answers.some((result) => 'error' in result) ? Exit.failed : Exit.done;
  },
});

type Result = Awaited<ReturnType<typeof answer>>;

/** Throws ConfigError, naming every file that cannot be read. */
async function readPictures(files: readonly string[]): Promise<Picture[]> {
  const read = await Promise.allSettled(files.map((file) => readFile(file)));
  const faults = read.flatMap((result, index) =>
    result.status === 'rejected'
      ? [{ field: files[index]!, description: (result.reason as Error).message }]
      : [],
  );
  if (faults.length > 0) throw new ConfigError(name, faults);
  return read.map((result, index) => ({
    file: files[index]!,
    image: (result as PromiseFulfilledResult<Buffer>).value,
  }));
}

/** Uses the agent that the flags name, or one of a one-off cell. Undefined when interrupted. */
async function withAgent<Value>(
  config: InferConfig,
  { progress, signal }: CommandContext,
  use: (client: AgentClient) => Promise<Value>,
): Promise<Value | undefined> {
  const { tlsCa: ca, tlsCert: cert, tlsKey: key, allowPlaintext } = config;
  if (config.agent !== undefined) {
    const address = config.agent;
    await using client = await asUsage(name, '--agent', () =>
      connectAgent(address, { tls: { ca, cert, key }, allowPlaintext }),
    );
    await client.ready();
    return await untilInterrupted(use(client), signal);
  }
  const family = await asUsage(name, '--models', () => loadFamily(config.models));
  const { floor, looks, models } = config;
  checkFloor(name, floor, family);
  const description = cellOf(
    { devices: 1, learner: 'planner', floor, looks, profile: 'regular', models, seed: 1 },
    family,
  );
  progress('starting a one-off cell; weir up keeps one running');
  try {
    await using cell = await startCell(description, { logger: silentLogger, signal });
    await using client = connectAgent(cell.devices[0]!.address);
    return await untilInterrupted(use(client), signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

async function untilInterrupted<Value>(
  work: Promise<Value>,
  signal: AbortSignal,
): Promise<Value | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const interrupt = () => resolve(undefined);
  if (signal.aborted) interrupt();
  signal.addEventListener('abort', interrupt, { once: true });
  return Promise.race([work, promise]);
}

/** Pictures under way at once: fewer than an agent takes, so that it can serve others too. */
const maxInFlight = 32;

async function answerAll(
  client: AgentClient,
  pictures: readonly Picture[],
  config: InferConfig,
  { progress, signal }: CommandContext,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = pictures.entries();
  let done = 0;
  const inTurn = async () => {
    for (const [index, picture] of left) {
      if (signal.aborted) return;
      results[index] = await answer(client, picture, config);
      done++;
      if (done % 100 === 0 && done < pictures.length) progress(`${done} of ${pictures.length} pictures`);
    }
  };
  await Promise.all(Array.from({ length: maxInFlight }, inTurn));
  return results;
}

async function answer(client: AgentClient, { file, image }: Picture, { timeoutMs }: InferConfig) {
  try {
    return { file, ...describe(await client.infer({ image, timeoutMs })) };
  } catch (error) {
    const violations = error instanceof InvalidInput ? { violations: error.violations } : {};
    return { file, error: error instanceof Error ? error.message : String(error), ...violations };
  }
}

function describe(response: agent.InferResponse) {
  const { classification, placement, hops, decision } = response;
  return {
    label: classification?.label ?? '',
    confidence: classification?.confidence ?? 0,
    placement: describePlacement(placement),
    reason: reasonName(decision?.reason),
    responseMs: response.responseMs,
    hopsMs: { ...hops },
    expectedAccuracy: response.expectedAccuracy,
    energyJ: response.energyJ,
    traceparent: response.trace?.traceparent ?? '',
    looks: response.looks.map(describeLook),
    lookAgainBelow: decision?.lookAgainBelow ?? 0,
  };
}

function sentence(result: Result): string {
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
