import { type ProcessEvent, type RunningCell, connectAgent, startCell } from '@weir/cell';
import { silentLogger } from '@weir/base';
import { policy } from '@weir/proto';
import { callUnary, connect, openServerStream } from '@weir/rpc';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallCell } from './support/small-cell.ts';
import { type Traffic, startTraffic } from './support/traffic.ts';

const timeoutMs = 2_000;

/** Real processes of a whole cell; parts of it go while frames flow. */
describe('a cell with an outage', () => {
  let cell: RunningCell;
  let traffic: Traffic;

  beforeAll(async () => {
    cell = await startCell(smallCell({ devices: 2, accuracyFloor: 0.72 }), { logger: silentLogger });
    traffic = await startTraffic(cell, { rate: 5, timeoutMs });
  });
  afterAll(async () => {
    await traffic?.[Symbol.asyncDispose]();
    await cell?.[Symbol.asyncDispose]();
  });

  /** Resolves with the next event of this kind. */
  const next = (name: string, kind: ProcessEvent['kind']) =>
    new Promise<ProcessEvent>((resolve) => {
      const stop = cell.onEvent((event) => {
        if (event.name !== name || event.kind !== kind) return;
        stop();
        resolve(event);
      });
    });

  async function setLearner(learner: string): Promise<void> {
    await using connection = connect(cell.policyAddress);
    const client = connection.client(policy.PolicyServiceClient);
    await callUnary(
      client,
      client.setLearner,
      { cellId: cell.description.cellId, learner },
      { timeoutMs: 5_000 },
    );
  }

  /** The learner's status, from the first that satisfies `enough`. */
  async function learnerStatus(enough: (status: policy.WatchLearnerResponse) => boolean = () => true) {
    await using connection = connect(cell.policyAddress);
    await connection.ready();
    const client = connection.client(policy.PolicyServiceClient);
    const { cellId } = cell.description;
    for await (const status of openServerStream(
      client,
      client.watchLearner,
      { cellId },
      { timeoutMs: 20_000 },
    ))
      if (enough(status)) return status;
    throw new Error('the watch ended');
  }

  const answersSince = (from: number) => traffic.answers.slice(from);
  const expectDeadlinesKept = () => {
    // A frame that is not answered by its deadline is a failure of the call, and so is one that is refused because it cannot be.
    // One may be: a busy machine is held up at times for longer than a rescue takes. Without a rescue, all that were under way
    // would be.
    const isLate = (failure: string) =>
      failure.startsWith('DeadlineExceeded') || failure.includes('no target could answer within');
    const [late, others] = [true, false].map((is) =>
      traffic.failures.filter((failure) => isLate(failure) === is),
    );
    expect(others).toEqual([]);
    expect(late!.length).toBeLessThanOrEqual(1);
  };
  /** Waits until each device has had `count` answers from (or, `from: false`, elsewhere than) a node. */
  const everyDevice = (since: number, count: number, nodeId: string, from = true) =>
    traffic.until(`${count} answers of each device ${from ? 'from' : 'elsewhere than'} ${nodeId}`, () =>
      cell.devices.every(
        ({ id }) =>
          answersSince(since).filter(
            (answer) => answer.deviceId === id && (answer.nodeId === nodeId) === from,
          ).length >= count,
      ),
    );

  it('goes on without PolicyService, and learns on from where it was', async () => {
    await traffic.until('20 answers', () => traffic.answers.length >= 20);
    const before = await learnerStatus(({ outcomes }) => outcomes >= 10n);

    const died = next('policy', 'died');
    const restarted = next('policy', 'restarted');
    cell.kill('policy', 'SIGKILL');
    await died;
    const since = traffic.answers.length;
    await traffic.until('answers without PolicyService', () => answersSince(since).length >= 4);
    await restarted;
    const after = await learnerStatus();
    expect(after.outcomes).toBeGreaterThanOrEqual(before.outcomes);

    // Directives come again, and what happened meanwhile is learned too.
    await learnerStatus(
      ({ outcomes, devices }) => outcomes > after.outcomes && devices.every(({ connected }) => connected),
    );
    const back = traffic.answers.length;
    await traffic.until('answers by plan', () =>
      answersSince(back).some(({ reason }) => reason !== 'fallback'),
    );
    expectDeadlinesKept();
    expect(cell.restarts()).toEqual({ policy: 1 });
  }, 60_000);

  it('counts each outcome once, over the restart of PolicyService', async () => {
    await traffic[Symbol.asyncDispose]();
    const answered = BigInt(traffic.answers.length);
    const attempts = BigInt(traffic.answers.flatMap(({ failedAttempts }) => failedAttempts).length);
    const { outcomes } = await learnerStatus((status) => status.outcomes >= answered + attempts);
    expect(outcomes).toBe(answered + attempts);
    for (const { address } of cell.devices) {
      await using client = connectAgent(address);
      // The last acknowledgement may still be on its way.
      await expect
        .poll(() => client.status(), { timeout: 20_000 })
        .toMatchObject({ outcomesPending: 0, outcomesDropped: 0n });
    }
    traffic = await startTraffic(cell, { rate: 5, timeoutMs });
  }, 60_000);

  it('moves its frames away from an edge node that is killed, and back when it returns', async () => {
    await setLearner('edge-only');
    await everyDevice(traffic.answers.length, 3, 'edge-1');

    const died = next('edge-1', 'died');
    const restarted = next('edge-1', 'restarted');
    cell.kill('edge-1', 'SIGKILL');
    await died;
    await everyDevice(traffic.answers.length, 2, 'edge-1', false);
    await restarted;
    await everyDevice(traffic.answers.length, 3, 'edge-1');
    expectDeadlinesKept();
    expect(cell.restarts()).toMatchObject({ 'edge-1': 1 });
  }, 60_000);

  it('moves its frames away from a cloud whose link is cut, and back when it is whole', async () => {
    await setLearner('cloud-only');
    await everyDevice(traffic.answers.length, 3, 'cloud-1');

    await cell.cutNode('cloud-1', 'blackhole');
    const cut = traffic.answers.length;
    await everyDevice(cut, 3, 'cloud-1', false);
    await cell.restoreNode('cloud-1');
    await everyDevice(traffic.answers.length, 3, 'cloud-1');
    expectDeadlinesKept();
  }, 60_000);
});
