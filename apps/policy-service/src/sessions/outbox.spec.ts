import { defaultObjective, type Directive } from '@weir/domain';
import type { policy } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { Outbox } from './outbox.ts';

const directive = (version: number): Directive => ({
  instanceId: 'instance-1',
  version,
  leaseMs: 1,
  learner: 'l',
  planned: { tier: 'edge', nodeId: 'e', variant: 'v' },
  thresholdMs: Infinity,
  explored: false,
  propensity: 1,
  actions: [],
  accuracyPriceMs: 0,
  objective: defaultObjective,
  ledger: { ledgerId: '', creditTotal: 0, debitRequestedTotal: 0 },
  predictedMs: 0,
});

describe('Outbox', () => {
  it('keeps only the newest directive and the furthest acknowledgement for a slow agent', async () => {
    const outbox = new Outbox();
    const sent: string[] = [];
    let release = () => {};
    const running = outbox.run(({ message }: policy.OrchestrateResponse) => {
      if (message?.$case === 'ack') {
        const refused = message.value.refused.map(({ sequence }) => sequence).join();
        sent.push(`ack ${message.value.throughSequence} (${refused})`);
      } else if (message?.$case === 'directive')
        sent.push(`directive ${message.value.version} ${message.value.obey}`);
      return new Promise((resolve) => (release = resolve));
    });
    outbox.push(directive(1));
    await Promise.resolve();
    for (const version of [2, 3, 4]) outbox.push(directive(version));
    outbox.acknowledge(7, [{ sequence: 6, faults: ['bad'] }]);
    outbox.acknowledge(5, []);
    outbox.close();
    for (let i = 0; i < 3; i++) {
      release();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await running;
    expect(sent).toEqual(['directive 1 true', 'ack 7 (6)', 'directive 4 true']);
  });

  it('lets an acknowledgement renew the directive that holds when it goes out', async () => {
    const holding: { version?: number } = {};
    const outbox = new Outbox(() => holding.version);
    const renewed: bigint[] = [];
    const running = outbox.run(async ({ message }) => {
      if (message?.$case === 'ack') renewed.push(message.value.renewedVersion);
    });
    outbox.acknowledge(1, []);
    await new Promise((resolve) => setImmediate(resolve));
    holding.version = 7;
    outbox.acknowledge(2, []);
    outbox.close();
    await running;
    expect(renewed).toEqual([0n, 7n]);
  });

  it('names at most sixteen refused outcomes', async () => {
    const outbox = new Outbox();
    const refused = Array.from({ length: 50 }, (_, sequence) => ({ sequence, faults: [] }));
    outbox.acknowledge(50, refused);
    outbox.close();
    const sent: policy.OrchestrateResponse[] = [];
    await outbox.run(async (message) => void sent.push(message));
    expect(sent[0]?.message).toMatchObject({ $case: 'ack', value: { refused: { length: 16 } } });
  });

  it('keeps the newest sixteen questions for an agent that takes nothing', async () => {
    const outbox = new Outbox();
    for (let id = 1n; id <= 20n; id++) outbox.ask({ id, limit: 1 });
    outbox.close();
    const asked: bigint[] = [];
    await outbox.run(async ({ message }) => {
      if (message?.$case === 'decisionsWanted') asked.push(message.value.id);
    });
    expect(asked).toEqual(Array.from({ length: 16 }, (_, at) => BigInt(at + 5)));
  });
});
