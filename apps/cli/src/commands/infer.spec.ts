import { ConfigError, Exit, silentLogger } from '@weir/base';
import { agent } from '@weir/proto';
import { bidi, serve, unary } from '@weir/rpc';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runOf } from '../command.fixture.ts';
import infer from './infer.ts';

const run = runOf(infer);
const readable = import.meta.filename;

/** A DeviceAgent to which every file is a cat. */
const startAgent = async () => {
  const unused = unary(() => Promise.reject(new Error('not asked for')));
  const server = await serve({
    listen: '127.0.0.1:0',
    services: [
      {
        definition: agent.DeviceAgentService,
        implementation: {
          streamInfer: bidi<agent.StreamInferRequest, agent.StreamInferResponse>(async (stream) => {
            for await (const { message } of stream) {
              if (message?.$case !== 'infer') continue;
              const { requestId } = message.value;
              const value = agent.InferResponse.fromPartial({ requestId, classification: { label: 'cat' } });
              await stream.send({ message: { $case: 'result', value } });
            }
          }),
          infer: unused,
          getStatus: unused,
          getObjective: unused,
          setObjective: unused,
        },
      },
    ],
    logger: silentLogger,
    drainGraceMs: 100,
  });
  server.setServing(true);
  return server;
};

describe('weir infer', () => {
  let server: Awaited<ReturnType<typeof startAgent>>;
  beforeAll(async () => {
    server = await startAgent();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('says what each picture shows', async () => {
    const { exit, lines } = await run(readable, '--agent', server.address);
    expect(exit).toBe(Exit.done);
    expect(lines.join('')).toContain(`${readable}: cat`);
  });

  it('answers the others where a file cannot be read, and exits as for bad usage', async () => {
    const { exit, lines } = await run('gone.png', readable, '--agent', server.address, '--json');
    expect(exit).toBe(Exit.usage);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      {
        images: [
          { file: 'gone.png', error: expect.stringMatching(/ENOENT/) as string },
          { file: readable, label: 'cat' },
        ],
      },
    ]);
  });

  it('names every file when none can be read, and asks nobody', async () => {
    const refused = run('gone.png', 'away.png', '--agent', '127.0.0.1:1');
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(/gone\.png: [\s\S]*away\.png: /);
  });
});
