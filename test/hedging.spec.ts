import { sleep } from '@weir/base';
import { connectAgent } from '@weir/cell';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { programs } from './support/programs.ts';

const image = readFileSync(new URL('../libs/inference/models/samples/scene-0000.png', import.meta.url));
const variant = 'mobilenet-v1-0.25-int8';

/** Real processes: a device that can answer in time by itself, and an edge that is quicker, but stalls now and then. */
describe('a device whose edge may miss the deadline', () => {
  const running = programs();
  afterAll(() => running[Symbol.asyncDispose]());

  it('answers a frame itself too, and gives the answer that comes first', async () => {
    // About 50 ms at the edge and 250 ms on the device.
    const edge = await running.service(
      'inference-worker',
      '--node-id=edge-1',
      `--variants=${variant}`,
      '--dilation-factor=400',
    );
    const { address, metrics } = await running.service(
      'device-agent',
      '--device-id=device-1',
      `--local-variants=${variant}`,
      '--dilation-factor=2000',
      `--targets=edge-1=edge@${edge.address}`,
      '--hedge-share=1',
      '--metrics=127.0.0.1:0',
    );
    await using device = connectAgent(address);
    const infer = (timeoutMs: number) => device.infer({ image, timeoutMs });
    const stalled = async <T>(work: () => Promise<T>): Promise<T> => {
      edge.child.kill('SIGSTOP');
      try {
        return await work();
      } finally {
        edge.child.kill('SIGCONT');
      }
    };
    const hedgesWonBy = async (who: 'target' | 'device') => {
      const text = await (await fetch(`http://${metrics}/metrics`)).text();
      return Number(new RegExp(`^weir_hedges_total{.*weir_result="${who}".*} (\\d+)`, 'm').exec(text)![1]);
    };

    /** Frames with all the time of the world: one that meets a stall, and one that does not. */
    const oneOfTwoStalls = async () => {
      const frame = infer(10_000);
      await stalled(() => sleep(300));
      await frame;
      await infer(10_000);
    };

    for (let pairs = 0; pairs < 6; pairs++) await oneOfTwoStalls();
    expect([await hedgesWonBy('target'), await hedgesWonBy('device')]).toEqual([0, 0]);

    /** What is not hedged may be late, on a busy machine. */
    const inHaste = () => infer(600).catch(() => undefined);
    do {
      await oneOfTwoStalls();
      await inHaste();
    } while ((await hedgesWonBy('target')) === 0);
    let answer;
    do {
      await oneOfTwoStalls();
      answer = await stalled(inHaste);
    } while ((await hedgesWonBy('device')) === 0);
    expect(answer?.placement?.nodeId).toBe('device-1');
    // The edge was not waited for, and is not blamed.
    expect(answer?.decision?.failedAttempts).toEqual([]);
  }, 180_000);
});
