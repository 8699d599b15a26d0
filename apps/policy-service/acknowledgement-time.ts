import { percentile, silentLogger } from '@weir/base';
import { policy } from '@weir/proto';
import { connect, openDuplex } from '@weir/rpc';
import { performance } from 'node:perf_hooks';
import { deviceHello, helloToWire, outcome, outcomeToWire } from './src/sessions/agent.fixture.ts';
import { startPolicyService } from './src/app.ts';
import { configSpec } from './src/config.ts';

// How long an agent waits for its acknowledgement, over real gRPC, journaled and learned by the planner; agents and
// service share this process: node apps/policy-service/acknowledgement-time.ts [seconds]

/** Not counted: connections are made and code is compiled, ms. */
const warmUpMs = 1_000;

const seconds = Number(process.argv[2] ?? 3);

for (const [agents, size, everyMs] of [
  [1, 1, 0],
  [5, 5, 200],
  [50, 5, 200],
  [50, 50, 0],
] as const) {
  await using app = await startPolicyService(configSpec.schema.parse({}), { logger: silentLogger });
  const latencies: number[] = [];
  let records = 0;
  const begin = performance.now() + warmUpMs;
  const agent = async (index: number) => {
    await using connection = connect(app.address);
    const client = connection.client(policy.PolicyServiceClient);
    using stream = openDuplex(client, client.orchestrate);
    const deviceId = `device-${index}`;
    void stream.send({ message: { $case: 'hello', value: helloToWire('c', deviceHello(deviceId)) } });
    let sequence = 1;
    let sentAt = 0;
    const sendBatch = () => {
      const outcomes = Array.from({ length: size }, (_, i) =>
        outcomeToWire(sequence + i, outcome(deviceId), 0),
      );
      sequence += size;
      sentAt = performance.now();
      void stream.send({
        message: { $case: 'outcomes', value: { outcomes, oldestPendingSequence: 0n, state: undefined } },
      });
    };
    sendBatch();
    for await (const { message } of stream) {
      if (message?.$case !== 'ack' || message.value.throughSequence < BigInt(sequence - 1)) continue;
      if (sentAt > begin) {
        latencies.push(performance.now() - sentAt);
        records += size;
      }
      if (performance.now() - begin > seconds * 1_000) return;
      if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, everyMs * (0.5 + Math.random())));
      sendBatch();
    }
  };
  await Promise.all(Array.from({ length: agents }, (_, index) => agent(index)));
  const tookS = (performance.now() - begin) / 1_000;
  const ms = (q: number) => Number(percentile(latencies, q).toFixed(2));
  console.log(
    JSON.stringify({
      what: `${agents} agents, batches of ${size}${everyMs > 0 ? ` about every ${everyMs} ms` : ', one after the other'}`,
      outcomesPerSecond: Math.round(records / tookS),
      acknowledgedMs: { p50: ms(0.5), p95: ms(0.95), p99: ms(0.99) },
    }),
  );
}
