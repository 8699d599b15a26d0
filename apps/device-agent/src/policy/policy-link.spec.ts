import { loadConfig, silentLogger } from '@weir/base';
import { defaultObjective } from '@weir/domain';
import { loadFamily } from '@weir/inference';
import { policy } from '@weir/proto';
import { bidi, type DuplexStream, serve } from '@weir/rpc';
import { directiveToWire } from '@weir/wire';
import { describe, expect, it, vi } from 'vitest';
import { startDeviceAgent } from '../app.ts';
import { configSpec } from '../config.ts';

type Stream = DuplexStream<policy.OrchestrateRequest, policy.OrchestrateResponse>;

describe('the link to the policy', () => {
  it('brings the curves of the device’s family, and tells of plans by others', async () => {
    const hellos: policy.Hello[] = [];
    await using server = await serve({
      listen: '127.0.0.1:0',
      logger: silentLogger,
      drainGraceMs: 100,
      services: [
        {
          definition: policy.PolicyServiceService,
          implementation: {
            orchestrate: bidi(async (stream: Stream) => {
              for await (const { message } of stream) {
                if (message?.$case !== 'hello') continue;
                hellos.push(message.value);
                const placement = {
                  tier: 'device',
                  nodeId: 'device-1',
                  variant: 'mobilenet-v1-0.25-int8',
                } as const;
                const value = directiveToWire({
                  instanceId: 'i',
                  version: 1,
                  leaseMs: 1_000,
                  learner: 'planner',
                  planned: placement,
                  secondLook: { placement, marginBelow: 0.5, curves: 'of others' },
                  thresholdMs: Infinity,
                  explored: false,
                  propensity: 1,
                  actions: [],
                  accuracyPriceMs: 0,
                  objective: defaultObjective,
                  ledger: { ledgerId: '', creditTotal: 0, debitRequestedTotal: 0 },
                  predictedMs: 1,
                });
                await stream.send({ message: { $case: 'directive', value } });
              }
            }),
          },
        },
      ],
    });
    server.setServing(true);
    const warn = vi.fn();
    const argv = ['--local-variants=mobilenet-v1-0.25-int8', `--policy=${server.address}`];
    await using _app = await startDeviceAgent(loadConfig(configSpec, { argv, env: {} }), {
      logger: { ...silentLogger, warn },
    });
    const { looks } = await loadFamily();
    await vi.waitFor(() => expect(hellos[0]?.looks?.version).toBe(looks!.version), { timeout: 10_000 });
    await vi.waitFor(
      () =>
        expect(warn).toHaveBeenCalledWith(
          { planned: 'of others', own: looks!.version },
          expect.stringContaining('second looks'),
        ),
      { timeout: 10_000 },
    );
  });
});
