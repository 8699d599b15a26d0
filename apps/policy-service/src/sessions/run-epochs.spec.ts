import { DeadlineExceeded } from '@weir/base';
import type { policy } from '@weir/proto';
import type { CallContext } from '@weir/rpc';
import { describe, expect, it } from 'vitest';
import { deviceHello } from './agent.fixture.ts';
import { agent, cell } from '../cell/orchestrator.fixture.ts';
import type { Cells } from '../cell/cells.ts';
import { runEpochs } from './run-epochs.ts';

/** A cell in epochs for a caller that sends what `request` is given; `send` is how it reads. */
function setUp(send: () => Promise<void> = async () => {}) {
  const { orchestrator, clock } = cell();
  const a = agent();
  orchestrator.devices.join(deviceHello('a'), a.link);
  const requests: policy.RunEpochsRequest[] = [];
  let wake = () => {};
  async function* messages() {
    for (;;) {
      while (requests.length > 0) yield requests.shift()!;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  let sent = 0;
  const stream = {
    send: async () => {
      sent++;
      await send();
    },
    [Symbol.asyncIterator]: messages,
  };
  const never = new AbortController().signal;
  const context = { signal: never, draining: never } as CallContext;
  const cells = { get: async () => ({ orchestrator }) } as unknown as Cells;
  const running = runEpochs(stream, context, { cells, clock });
  running.catch(() => {});
  const request = () => {
    requests.push({ cellId: 'c', settleTimeoutMs: 100 });
    wake();
  };
  return { clock, orchestrator, running, request, sent: () => sent };
}

describe('a held run of epochs', () => {
  it('ends when its caller asks for nothing at all', async () => {
    const { clock, running } = setUp();
    clock.advance(60_000);
    await expect(running).rejects.toThrow(DeadlineExceeded);
  });

  it.each([
    ['asks for no further epoch', async () => {}],
    ['does not read the plan', () => new Promise<void>(() => {})],
  ])('ends when its caller %s, and the cell plans again for everybody', async (_what, send) => {
    const { clock, orchestrator, running, request, sent } = setUp(send);
    request();
    await expect.poll(sent).toBe(1);
    expect(orchestrator.inEpochs).toBe(true);
    clock.advance(59_000);
    expect(orchestrator.inEpochs).toBe(true);
    clock.advance(1_000);
    await expect(running).rejects.toMatchObject({ reason: 'EPOCHS_IDLE' });
    expect(orchestrator.inEpochs).toBe(false);
    const { plans } = orchestrator.status();
    clock.advance(5_000);
    expect(orchestrator.status().plans).toBeGreaterThan(plans);
  });
});
