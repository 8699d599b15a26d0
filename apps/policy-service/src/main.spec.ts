import { seededRandom } from '@weir/base';
import { policy } from '@weir/proto';
import { connect, openDuplex, openServerStream } from '@weir/rpc';
import { openStore } from '@weir/storage';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { Members } from './cell/members.ts';
import { memberToJson } from './journal/rows.ts';
import { deviceHello, helloToWire, outcome, outcomeToWire } from './sessions/agent.fixture.ts';

const directory = mkdtempSync(join(tmpdir(), 'weir-policy-main-'));
afterAll(() => rmSync(directory, { recursive: true }));
const main = fileURLToPath(new URL('main.ts', import.meta.url));

async function start(
  flags: string[],
): Promise<{ child: ChildProcess; address: string; exited: Promise<unknown[]> }> {
  const child = spawn(process.execPath, [main, '--log-level', 'error', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { service, address } = JSON.parse(line) as { service: string; address: string };
  expect(service).toBe('policy-service');
  return { child, address, exited };
}

async function outcomesLearned(address: string): Promise<bigint> {
  await using connection = connect(address);
  const client = connection.client(policy.PolicyServiceClient);
  for await (const { outcomes } of openServerStream(client, client.watchLearner, { cellId: 'c' }))
    return outcomes;
  throw new Error('no status');
}

describe('policy-service process', () => {
  it(
    'killed with -9, goes on learning from exactly what it had acknowledged',
    { timeout: 120_000 },
    async () => {
      const data = join(directory, 'killed');
      const random = seededRandom(11);
      const hello = helloToWire('c', deviceHello('a'));
      let acknowledged = 0;
      let sent = 0;
      let version = 0n;
      for (let round = 0; round < 4; round++) {
        const { child, address, exited } = await start(['--data', data, '--snapshot-ms', '100']);
        const learned = Number(await outcomesLearned(address).catch(() => 0n));
        expect(learned).toBeGreaterThanOrEqual(acknowledged);
        expect(learned).toBeLessThanOrEqual(sent);

        await using connection = connect(address);
        const client = connection.client(policy.PolicyServiceClient);
        using stream = openDuplex(client, client.orchestrate);
        void stream.send({ message: { $case: 'hello', value: hello } });
        // As an agent does: everything that was not acknowledged again, and more, until the service is no more.
        let from = acknowledged + 1;
        const sendMore = () => {
          const outcomes = Array.from({ length: 7 }, (_, i) => outcomeToWire(from + i, outcome('a'), 0));
          from += 7;
          sent = Math.max(sent, from - 1);
          const oldestPendingSequence = BigInt(acknowledged + 1);
          const value = { outcomes, oldestPendingSequence, state: undefined };
          void stream.send({ message: { $case: 'outcomes', value } });
        };
        let left = 10 + random.integer(30);
        for (let i = 0; i < 5; i++) sendMore();
        try {
          for await (const { message } of stream) {
            if (message?.$case === 'directive') {
              expect(message.value.version).toBeGreaterThan(version);
              ({ version } = message.value);
            }
            if (message?.$case !== 'ack') continue;
            acknowledged = Number(message.value.throughSequence);
            if (--left === 0) child.kill('SIGKILL');
            else sendMore();
          }
        } catch (error) {
          expect(error).toMatchObject({ status: 'UNAVAILABLE' });
        }
        expect(await exited).toEqual([null, 'SIGKILL']);
      }
      expect(acknowledged).toBeGreaterThan(4 * 20);

      const { child, address, exited } = await start(['--data', data]);
      {
        await using connection = connect(address);
        const client = connection.client(policy.PolicyServiceClient);
        using stream = openDuplex(client, client.orchestrate);
        void stream.send({ message: { $case: 'hello', value: hello } });
        const outcomes = Array.from({ length: sent - acknowledged }, (_, i) =>
          outcomeToWire(acknowledged + 1 + i, outcome('a'), 0),
        );
        const oldestPendingSequence = BigInt(acknowledged + 1);
        const value = { outcomes, oldestPendingSequence, state: undefined };
        void stream.send({ message: { $case: 'outcomes', value } });
        for await (const { message } of stream) {
          if (message?.$case !== 'ack') continue;
          expect(message.value.throughSequence).toBe(BigInt(sent));
          break;
        }
      }
      // Each outcome counted, and counted once.
      expect(await outcomesLearned(address)).toBe(BigInt(sent));
      child.kill('SIGTERM');
      expect(await exited).toEqual([0, null]);
    },
  );

  it('ended while it learns its journal again, ends at once and leaves the store as it was', async () => {
    const data = mkdtempSync(join(directory, 'replay-'));
    const learner = join(data, 'slow.mjs');
    writeFileSync(
      learner,
      `import { createLearner } from '@weir/learning';
       export default ({ random }) => ({
         ...createLearner('edge-only', { random }),
         name: 'slow',
         learn(outcomes) {
           if (outcomes.length < 2) return;
           process.stderr.write('learned ' + outcomes.length + '\\n');
           Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
         },
       });`,
    );
    const outcomes = 10_000;
    const entries = async () => {
      await using store = await openStore({ path: join(data, 'policy.db') });
      return (await store.read('c', 0, 2 * outcomes)).length;
    };
    {
      await using store = await openStore({ path: join(data, 'policy.db') });
      const records = Array.from({ length: outcomes }, (_, i) => ({
        sequence: i + 1,
        outcome: JSON.stringify(outcome('a')),
      }));
      const members = new Members();
      members.add(deviceHello('a'));
      const state = memberToJson(members.get('a')!);
      await store.change('c', { joined: [{ deviceId: 'a', state }] });
      await store.append({ cellId: 'c', deviceId: 'a', instanceId: 'i', oldestPending: 0, records });
    }
    const child = spawn(process.execPath, [main, '--data', data, '--learner', learner], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said: string[] = [];
    child.stdout.on('data', () => said.push('ready'));
    child.stderr.on('data', (chunk: Buffer) => {
      said.push(...(chunk.toString().match(/learned \d+/g) ?? []));
      if (!child.killed && said.length > 0) child.kill('SIGTERM');
    });
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(said).not.toContain('ready');
    expect(said.length).toBeLessThan(outcomes / 500);
    expect(await entries()).toBe(outcomes);
  });

  it('refuses a corrupt store, naming the cure, and exits with 1', async () => {
    const data = mkdtempSync(join(directory, 'corrupt-'));
    writeFileSync(join(data, 'policy.db'), 'no database '.repeat(1_000));
    const child = spawn(process.execPath, [main, '--data', data], { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(stderr).toMatch(/corrupt.*mv '/);
  });

  it.each([
    ['names every fault of its flags', ['--max-cells=0', '--nonsense'], ['--max-cells', '--nonsense']],
    ['refuses a data directory where there can be none', ['--data', '/proc/x'], ['--data: /proc/x']],
    [
      'refuses a floor that no known family reaches, with the best that they can,',
      ['--accuracy-floor=90%', '--models=embedded'],
      ['--accuracy-floor: 0.9 exceeds the accuracy of the best variant, 0.868'],
    ],
  ])('%s and exits with 64', async (_, flags, told) => {
    const child = spawn(process.execPath, [main, ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    expect(await once(child, 'close')).toEqual([64, null]);
    for (const text of told) expect(stderr).toContain(text);
  });
});
