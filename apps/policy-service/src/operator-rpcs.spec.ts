import { InvalidInput, NotFound, silentLogger } from '@weir/base';
import type { Learner } from '@weir/learning';
import { policy } from '@weir/proto';
import { callUnary, connect, openClientStream, openDuplex, openServerStream } from '@weir/rpc';
import { readBackup } from '@weir/storage';
import { limits } from '@weir/wire';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startPolicyService } from './app.ts';
import { createFastestMean } from './cell/learner.fixture.ts';
import { configSpec } from './config.ts';
import { deviceHello, helloToWire } from './sessions/agent.fixture.ts';

const directory = mkdtempSync(join(tmpdir(), 'weir-operator-rpcs-'));
afterAll(() => rmSync(directory, { recursive: true }));
let dirs = 0;

type Client = policy.PolicyServiceClient;

/** A learner whose snapshot is larger than a message may be. */
function createLarge(name: string): Learner {
  let filler = 'x'.repeat(9 * 1024 * 1024);
  return {
    ...createFastestMean(name),
    snapshot: () => ({ format: 'weir.learner', version: 1, learner: name, state: { filler } }),
    restore: ({ state }) => void ({ filler } = state as { filler: string }),
  };
}

/** Serves a cell with one device, whose session stands. */
async function start(create: (name: string) => Learner = createFastestMean) {
  await using stack = new AsyncDisposableStack();
  const config = configSpec.schema.parse({ data: join(directory, `${dirs++}`) });
  const learners = { names: ['planner', 'other'], create };
  const app = stack.use(await startPolicyService(config, { logger: silentLogger, learners }));
  const connection = stack.use(connect(app.address));
  const client = connection.client(policy.PolicyServiceClient);
  const session = stack.use(openDuplex(client, client.orchestrate));
  void session.send({ message: { $case: 'hello', value: helloToWire('c', deviceHello('a')) } });
  const answers = session[Symbol.asyncIterator]();
  await answers.next();
  const owned = stack.move();
  return { client, session, answers, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function download(client: Client, version = 0n) {
  const parts: policy.DownloadSnapshotResponse[] = [];
  for await (const part of openServerStream(client, client.downloadSnapshot, { cellId: 'c', version }))
    parts.push(part);
  return parts;
}

function upload(client: Client, ...messages: policy.UploadSnapshotRequest['message'][]) {
  const stream = openClientStream(client, client.uploadSnapshot);
  for (const message of messages) stream.send({ message }).catch(() => {});
  return stream.finish();
}
const begin = (cellId = 'twin', learner = 'planner'): policy.UploadSnapshotRequest['message'] => ({
  $case: 'start',
  value: { cellId, learner },
});
const chunk = (value: Uint8Array): policy.UploadSnapshotRequest['message'] => ({ $case: 'chunk', value });

describe('a snapshot', () => {
  it('that is larger than a message goes to another cell in parts, and in no other way', async () => {
    await using service = await start(createLarge);
    const { client } = service;
    const parts = await download(client);
    expect(parts.length).toBeGreaterThan(30);
    for (const { learner, chunk: bytes } of parts)
      expect([learner, bytes.length <= 1024 * 1024]).toEqual(['planner', true]);
    expect(await upload(client, begin(), ...parts.map((part) => chunk(part.chunk)))).toEqual({
      learner: 'planner',
    });
    await expect(callUnary(client, client.exportSnapshot, { cellId: 'c' })).rejects.toMatchObject({
      reason: 'SNAPSHOT_TOO_LARGE',
      message: expect.stringContaining('DownloadSnapshot') as string,
    });
  }, 60_000);

  it('that was kept can be downloaded, and the learner put back to it', async () => {
    await using service = await start();
    const { client } = service;
    await callUnary(client, client.setLearner, { cellId: 'c', learner: 'other' });
    const { versions } = await callUnary(client, client.listSnapshots, { cellId: 'c' });
    expect(versions).toMatchObject([{ version: 1n, learner: 'planner', why: 'before learner set' }]);
    expect((await download(client, 1n))[0]!.learner).toBe('planner');
    expect(await callUnary(client, client.rollBackLearner, { cellId: 'c', version: 1n })).toMatchObject({
      restored: { version: 1n },
      keptVersion: 2n,
    });
    const watch = openServerStream(client, client.watchLearner, { cellId: 'c' });
    const { value } = (await watch.next()) as { value: policy.WatchLearnerResponse };
    expect(value).toMatchObject({ learner: 'planner', restored: { count: 1n, version: 1n } });
    await watch.return?.();
  });
});

describe('cells', () => {
  it('are listed, copied and deleted; their devices are told', async () => {
    await using service = await start();
    const { client, answers } = service;
    const list = (cellId: string) => callUnary(client, client.listCells, { cellId });
    const { cells } = await list('');
    expect(cells).toMatchObject([
      { cellId: 'c', open: true, devices: 1, connected: 1, learner: 'planner', joinedAgeMs: 0, setAside: '' },
    ]);
    expect(await list('c')).toEqual({ cells: [expect.objectContaining({ cellId: 'c' })] });
    expect(await list('nowhere')).toEqual({ cells: [] });

    const parts: Uint8Array[] = [];
    for await (const part of openServerStream(client, client.backup, { cellId: '' })) parts.push(part.chunk);
    const file = join(directory, 'c.backup');
    writeFileSync(file, Buffer.concat(parts));
    expect(await readBackup(file)).toMatchObject([{ cellId: 'c', devices: 1 }]);

    expect(await callUnary(client, client.deleteCell, { cellId: 'c' })).toEqual({
      cellIds: ['c'],
      sessionsEnded: 1,
    });
    const end = (async () => {
      while (!(await answers.next()).done);
    })();
    await expect(end).rejects.toMatchObject({ status: 'ABORTED', reason: 'CELL_DELETED' });
    expect(await list('')).toEqual({ cells: [] });
  });
});

describe('a question why', () => {
  it('goes to the device, and its answer back', async () => {
    await using service = await start();
    const { client, session, answers } = service;
    const asked = callUnary(client, client.traceDevice, { cellId: 'c', deviceId: 'a', limit: 0 });
    for (;;) {
      const { value } = (await answers.next()) as { value: policy.OrchestrateResponse };
      if (value.message?.$case !== 'decisionsWanted') continue;
      const { id, limit } = value.message.value;
      expect(limit).toBe(10);
      const decisions = [policy.TracedDecision.fromPartial({ requestId: 'f-1', deadlineMs: 5 })];
      void session.send({ message: { $case: 'decisions', value: { id, decisions } } });
      break;
    }
    expect(await asked).toMatchObject({ decisions: [{ requestId: 'f-1', deadlineMs: 5 }] });
  });

  it('ends with the session of a device that tells too much', async () => {
    await using service = await start();
    const { client, session, answers } = service;
    const asked = callUnary(client, client.traceDevice, { cellId: 'c', deviceId: 'a', limit: 1 });
    const decisions = [policy.TracedDecision.fromPartial({ failure: 'x'.repeat(1_000) })];
    const end = (async () => {
      for (;;) {
        const { value } = (await answers.next()) as { value?: policy.OrchestrateResponse };
        if (!value) return;
        if (value.message?.$case !== 'decisionsWanted') continue;
        const { id } = value.message.value;
        void session.send({ message: { $case: 'decisions', value: { id, decisions } } });
      }
    })();
    await expect(asked).rejects.toMatchObject({ status: 'UNAVAILABLE' });
    await expect(end).rejects.toMatchObject({ status: 'INVALID_ARGUMENT' });
  });

  it('is refused for a device that is not connected', async () => {
    await using service = await start();
    const { client } = service;
    const asked = callUnary(client, client.traceDevice, { cellId: 'c', deviceId: 'b', limit: 1 });
    await expect(asked).rejects.toMatchObject({
      status: 'FAILED_PRECONDITION',
      message: 'device b is not connected',
    });
  });
});

describe('what an operator asks for wrongly', () => {
  const long = 'x'.repeat(129);
  const faulty: [string, (client: Client) => Promise<unknown>, string][] = [
    ['ListCells of a long cell', (c) => callUnary(c, c.listCells, { cellId: long }), 'cell_id'],
    ['DeleteCell without a cell', (c) => callUnary(c, c.deleteCell, { cellId: '' }), 'cell_id'],
    ['Backup of a long cell', (c) => openServerStream(c, c.backup, { cellId: long }).next(), 'cell_id'],
    [
      'DownloadSnapshot of a version that is no number',
      (c) => openServerStream(c, c.downloadSnapshot, { cellId: 'c', version: 2n ** 60n }).next(),
      'version',
    ],
    ['ListSnapshots without a cell', (c) => callUnary(c, c.listSnapshots, { cellId: '' }), 'cell_id'],
    [
      'RollBackLearner without a cell',
      (c) => callUnary(c, c.rollBackLearner, { cellId: '', version: 0n }),
      'cell_id',
    ],
    [
      'TraceDevice without a device',
      (c) => callUnary(c, c.traceDevice, { cellId: 'c', deviceId: '', limit: 1 }),
      'device_id',
    ],
    [
      'TraceDevice of too many',
      (c) => callUnary(c, c.traceDevice, { cellId: 'c', deviceId: 'a', limit: limits.decisions + 1 }),
      'limit',
    ],
    ['UploadSnapshot of nothing', (c) => upload(c), 'message'],
    ['UploadSnapshot without its start', (c) => upload(c, chunk(Buffer.from('{}'))), 'message'],
    ['UploadSnapshot with two', (c) => upload(c, begin(), begin()), 'message'],
    ['UploadSnapshot for no learner', (c) => upload(c, begin('c', 'nobody')), 'learner'],
    ['UploadSnapshot of no JSON', (c) => upload(c, begin(), chunk(Buffer.from('{'))), 'snapshot'],
  ];

  it('is refused, field by field', async () => {
    await using service = await start();
    for (const [what, call, field] of faulty) {
      const error = await call(service.client).catch((caught: unknown) => caught);
      expect(error, what).toBeInstanceOf(InvalidInput);
      expect(
        (error as InvalidInput).violations.map((violation) => violation.field),
        what,
      ).toContain(field);
    }
  });

  it('and is not there is NOT_FOUND', async () => {
    await using service = await start();
    const { client: c } = service;
    for (const call of [
      () => callUnary(c, c.deleteCell, { cellId: 'no' }),
      () => callUnary(c, c.listSnapshots, { cellId: 'no' }),
      () => callUnary(c, c.rollBackLearner, { cellId: 'c', version: 7n }),
      () => callUnary(c, c.traceDevice, { cellId: 'no', deviceId: 'a', limit: 1 }),
      () => openServerStream(c, c.backup, { cellId: 'no' }).next(),
      () => openServerStream(c, c.downloadSnapshot, { cellId: 'c', version: 7n }).next(),
    ])
      await expect(call()).rejects.toThrow(NotFound);
  });
});
