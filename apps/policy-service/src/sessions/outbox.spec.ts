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
    const sent: string[] = [];
    let release = () => {};
    const outbox = new Outbox(({ message }) => {
      if (message?.$case === 'ack') {
        const refused = message.value.refused.map(({ sequence }) => sequence).join();
        sent.push(`ack ${message.value.throughSequence} (${refused})`);
      } else if (message?.$case === 'directive')
        sent.push(`directive ${message.value.version} ${message.value.obey}`);
      return new Promise((resolve) => (release = resolve));
    });
    outbox.push(directive(1));
    await turn();
    for (const version of [2, 3, 4]) outbox.push(directive(version));
    outbox.acknowledge(7, [{ sequence: 6, faults: ['bad'] }]);
    outbox.acknowledge(5, []);
    for (let i = 0; i < 3; i++) {
      release();
      await turn();
    }
    await outbox.sent();
    expect(sent).toEqual(['directive 1 true', 'ack 7 (6)', 'directive 4 true']);
  });

  it('lets an acknowledgement renew the directive that holds when it goes out', async () => {
    const holding: { version?: number } = {};
    const renewed: bigint[] = [];
    const outbox = new Outbox(
      async ({ message }) => {
        if (message?.$case === 'ack') renewed.push(message.value.renewedVersion);
      },
      () => holding.version,
    );
    outbox.acknowledge(1, []);
    await outbox.sent();
    holding.version = 7;
    outbox.acknowledge(2, []);
    await outbox.sent();
    expect(renewed).toEqual([0n, 7n]);
  });

  it('names at most sixteen refused outcomes', async () => {
    const sent: policy.OrchestrateResponse[] = [];
    const outbox = new Outbox(async (message) => void sent.push(message));
    const refused = Array.from({ length: 50 }, (_, sequence) => ({ sequence, faults: [] }));
    outbox.acknowledge(50, refused);
    await outbox.sent();
    expect(sent[0]?.message).toMatchObject({ $case: 'ack', value: { refused: { length: 16 } } });
  });

  it('keeps the newest sixteen questions for an agent that takes nothing', async () => {
    const asked: bigint[] = [];
    const outbox = new Outbox(async ({ message }) => {
      if (message?.$case === 'decisionsWanted') asked.push(message.value.id);
    });
    for (let id = 1n; id <= 20n; id++) outbox.ask({ id, limit: 1 });
    await outbox.sent();
    expect(asked).toEqual(Array.from({ length: 16 }, (_, at) => BigInt(at + 5)));
  });

  it('sends nothing more to an agent that has gone', async () => {
    let sent = 0;
    const outbox = new Outbox(async () => {
      sent++;
      throw new Error('gone');
    });
    outbox.acknowledge(1, []);
    await outbox.sent();
    outbox.acknowledge(2, []);
    await outbox.sent();
    expect(sent).toBe(1);
  });
});

const turn = () => new Promise((resolve) => setImmediate(resolve));
