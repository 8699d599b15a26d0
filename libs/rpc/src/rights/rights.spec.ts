import { type Logger, silentLogger } from '@weir/base';
import { common } from '@weir/proto';
import { contracts } from '@weir/proto/contracts';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createAuthority } from '../certificates.fixture.ts';
import { about, callerTo, everyRpc, serveEverything } from './every-service.fixture.ts';
import { subjects } from './subjects.ts';
import { tableOfRights } from './table.ts';

const authority = createAuthority();
const { ca } = authority;
afterAll(() => authority[Symbol.dispose]());
const own = { ...authority.issue('server', ['spiffe://weir/weir/service/policy']), ca };

/** Calls are about camera-7, or edge-1, of the cell hall. */
const subject = { cellId: 'hall', deviceId: 'camera-7', nodeId: 'edge-1' };
const identities: Readonly<Record<string, string>> = {
  'camera-7': 'cell/hall/device/camera-7',
  'camera-8': 'cell/hall/device/camera-8',
  'a device edge-1': 'cell/hall/device/edge-1',
  'camera-7 of yard': 'cell/yard/device/camera-7',
  'edge-1': 'cell/hall/node/edge-1',
  'edge-2': 'cell/hall/node/edge-2',
  'a node camera-7': 'cell/hall/node/camera-7',
  'edge-1 of yard': 'cell/yard/node/edge-1',
  operator: 'operator/ada',
  'operator of hall': 'cell/hall/operator/bob',
  'operator of yard': 'cell/yard/operator/eve',
  policy: 'service/policy',
  telemetry: 'service/telemetry',
  console: 'service/console',
};
const files = (path: string | undefined, name = 'caller') => ({
  ca,
  ...authority.issue(name, path === undefined ? [] : [`spiffe://weir/weir/${path}`]),
});

const operators = ['operator', 'operator of hall'];
const watchers = [...operators, 'console'];
const hall = ['camera-7', 'camera-8', 'a device edge-1'];
const known = Object.keys(identities);
const everybody = [...known, 'nobody'];

/** Who may: said once more, and not taken from the table. `[agent, worker]` where both serve it. */
const allowed: Readonly<Record<string, readonly string[] | readonly [readonly string[], readonly string[]]>> =
  {
    'weir.policy.v1.PolicyService/Orchestrate': ['camera-7'],
    'weir.policy.v1.PolicyService/Decide': ['camera-7', ...watchers],
    'weir.policy.v1.PolicyService/GetObjective': [...hall, ...watchers],
    'weir.policy.v1.PolicyService/SetObjective': operators,
    'weir.policy.v1.PolicyService/SetLearner': operators,
    'weir.policy.v1.PolicyService/WatchLearner': watchers,
    'weir.policy.v1.PolicyService/ExportSnapshot': operators,
    'weir.policy.v1.PolicyService/ImportSnapshot': operators,
    'weir.policy.v1.PolicyService/RunEpochs': operators,
    'weir.policy.v1.PolicyService/DownloadSnapshot': operators,
    'weir.policy.v1.PolicyService/UploadSnapshot': operators,
    'weir.policy.v1.PolicyService/ListSnapshots': operators,
    'weir.policy.v1.PolicyService/RollBackLearner': operators,
    'weir.policy.v1.PolicyService/ListCells': operators,
    'weir.policy.v1.PolicyService/DeleteCell': operators,
    'weir.policy.v1.PolicyService/Backup': operators,
    'weir.policy.v1.PolicyService/TraceDevice': operators,
    'weir.telemetry.v1.Telemetry/Report': ['camera-7'],
    'weir.telemetry.v1.Telemetry/WatchCell': watchers,
    'weir.telemetry.v1.Telemetry/GetCell': watchers,
    'weir.telemetry.v1.Telemetry/WatchTargets': [...hall, ...watchers],
    'weir.telemetry.v1.Telemetry/ListCells': ['operator', 'console'],
    'weir.agent.v1.DeviceAgent/StreamInfer': ['camera-7', ...operators],
    'weir.agent.v1.DeviceAgent/Infer': ['camera-7', ...operators],
    'weir.agent.v1.DeviceAgent/GetStatus': ['camera-7', ...watchers],
    'weir.agent.v1.DeviceAgent/GetObjective': ['camera-7', ...watchers],
    'weir.agent.v1.DeviceAgent/SetObjective': ['camera-7', ...operators],
    'weir.agent.v1.DeviceAgent/ReportTruth': ['camera-7', ...operators],
    'weir.worker.v1.InferenceWorker/StreamInfer': [...hall, ...operators],
    'weir.worker.v1.InferenceWorker/Infer': [...hall, ...operators],
    'weir.worker.v1.InferenceWorker/ListVariants': [...hall, ...watchers],
    'inference.GRPCInferenceService/ServerLive': known,
    'inference.GRPCInferenceService/ServerReady': known,
    ...Object.fromEntries(
      [
        'ModelReady',
        'ServerMetadata',
        'ModelMetadata',
        'ModelConfig',
        'ModelStatistics',
        'RepositoryIndex',
      ].map((method) => [
        `inference.GRPCInferenceService/${method}`,
        [
          ['camera-7', ...watchers],
          [...hall, ...watchers],
        ],
      ]),
    ),
    'inference.GRPCInferenceService/ModelInfer': [
      ['camera-7', ...operators],
      [...hall, ...operators],
    ],
    'inference.GRPCInferenceService/ModelStreamInfer': [
      ['camera-7', ...operators],
      [...hall, ...operators],
    ],
    'inference.GRPCInferenceService/RepositoryModelLoad': operators,
    'inference.GRPCInferenceService/RepositoryModelUnload': operators,
    'grpc.health.v1.Health/Check': everybody,
    'grpc.health.v1.Health/Watch': everybody,
    'grpc.health.v1.Health/List': everybody,
    'grpc.reflection.v1.ServerReflection/ServerReflectionInfo': known,
    'grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': known,
  };

type Server = Awaited<ReturnType<typeof serveEverything>>;
type Caller = ReturnType<typeof callerTo>;

describe('the table of rights', () => {
  const rpcs = [...contracts()]
    .flatMap((type) => (type.kind === 'service' ? type.methods : []))
    .map(({ name, parent }) => `${parent.typeName}/${name}`)
    .sort();

  it('has a row for every RPC of every service, with where its subject is, and no other', () => {
    expect(rpcs.length).toBeGreaterThan(35);
    expect(Object.keys(tableOfRights).sort()).toEqual(rpcs);
    expect(Object.keys(subjects).sort()).toEqual(rpcs);
    expect(Object.keys(allowed).sort()).toEqual(rpcs);
    expect([...everyRpc.keys()].sort()).toEqual(rpcs);
  });

  it('bounds a right to one’s own where there is something that is one’s own', () => {
    for (const [rpc, rights] of Object.entries(tableOfRights))
      for (const reach of Object.values(rights))
        expect([rpc, reach === 'any']).toEqual([rpc, subjects[rpc] === 'nothing']);
  });
});

describe('every RPC, for every role, in its own and in a foreign cell', () => {
  const callers = new Map<string, { atAgent: Caller; atWorker: Caller }>();
  const servers: Server[] = [];
  beforeAll(async () => {
    const { cellId, deviceId, nodeId } = subject;
    servers.push(await serveEverything(own, { serves: { cellId, deviceId } }));
    servers.push(await serveEverything(own, { serves: { cellId, nodeId } }));
    for (const [name, path] of [...Object.entries(identities), ['nobody', undefined] as const]) {
      const tls = files(path);
      const [atAgent, atWorker] = servers.map(({ address }) => callerTo(address, tls));
      callers.set(name, { atAgent: atAgent!, atWorker: atWorker! });
    }
  });
  afterAll(async () => {
    for (const { atAgent, atWorker } of callers.values())
      for (const caller of [atAgent, atWorker]) await caller[Symbol.asyncDispose]();
    for (const server of servers) await server[Symbol.asyncDispose]();
  });

  it.each(Object.entries(allowed))('%s', async (rpc, may) => {
    const both = (Array.isArray(may[0]) ? may : [may, may]) as readonly [
      readonly string[],
      readonly string[],
    ];
    const results = { atAgent: {} as Record<string, string>, atWorker: {} as Record<string, string> };
    const expected = structuredClone(results);
    for (const [name, caller] of callers) {
      const refused = name === 'nobody' ? 'UNAUTHENTICATED' : 'PERMISSION_DENIED';
      for (const [index, where] of (['atAgent', 'atWorker'] as const).entries()) {
        // What a worker serves of an agent is no device's own, and the other way round.
        if (index === 1 && rpc.startsWith('weir.agent.')) continue;
        if (index === 0 && rpc.startsWith('weir.worker.')) continue;
        results[where][name] = await caller[where].call(rpc, about(rpc, subject));
        expected[where][name] = both[index]!.includes(name) ? 'OK' : refused;
      }
    }
    expect(results).toEqual(expected);
  });

  it('lets the devices of every cell use a worker that is there for all, and nobody else more than before', async () => {
    const serves = { cellId: 'all', nodeId: 'cloud-1', everyCell: true };
    await using server = await serveEverything(own, { serves });
    const rights = { 'camera-7': true, 'camera-7 of yard': true, 'operator of yard': true, operator: true };
    for (const name of known) {
      await using caller = callerTo(server.address, files(identities[name]));
      const inferred = await caller.call('weir.worker.v1.InferenceWorker/Infer');
      const may = name in rights || hall.includes(name) || name === 'operator of hall';
      expect([name, inferred]).toEqual([name, may ? 'OK' : 'PERMISSION_DENIED']);
    }
    // What a message says of a cell is no server's word.
    await using camera = callerTo(server.address, files('cell/hall/device/camera-7'));
    const joining = about('weir.policy.v1.PolicyService/Orchestrate', { ...subject, cellId: 'all' });
    expect(await camera.call('weir.policy.v1.PolicyService/Orchestrate', joining)).toBe('PERMISSION_DENIED');
  });

  it('takes the reports of a node from itself alone', async () => {
    const rpc = 'weir.telemetry.v1.Telemetry/Report';
    const report = about(rpc, subject, subject.nodeId);
    const taken = [];
    for (const [name, { atAgent }] of callers)
      if ((await atAgent.call(rpc, report)) === 'OK') taken.push(name);
    expect(taken).toEqual(['edge-1']);
  });

  it('shows no handler anything of a refused call', () => {
    const hellos = servers.flatMap(({ seen }) => seen.filter(({ rpc }) => rpc.endsWith('/Orchestrate')));
    // Of camera-7 alone, once at each server.
    expect(hellos).toHaveLength(2);
  });
});

describe('a stream', () => {
  const report = (nodeId: string, cellId = 'hall') => ({ cellId, nodeId, tier: common.Tier.EDGE });

  it('is refused at the message that leaves what is one’s own, before its handler sees that', async () => {
    await using server = await serveEverything(own);
    await using node = callerTo(server.address, files('cell/hall/node/edge-1'));
    const rpc = 'weir.telemetry.v1.Telemetry/Report';
    const refusal = await node.refusal(rpc, report('edge-1'), report('edge-1'), report('edge-2'));
    expect(refusal).toMatchObject({
      status: 'PERMISSION_DENIED',
      info: { subject: 'node edge-2 of cell hall' },
    });
    await expect.poll(() => server.seen.length).toBe(2);

    await using operator = callerTo(server.address, files('cell/hall/operator/bob'));
    const epochs = 'weir.policy.v1.PolicyService/RunEpochs';
    const cells = ['hall', 'hall', 'yard'].map((cellId) => ({ cellId }));
    expect(await operator.call(epochs, ...cells)).toBe('PERMISSION_DENIED');
    const seen = server.seen.filter(({ rpc: of }) => of === epochs);
    expect(seen.map(({ message }) => (message as { cellId: string }).cellId)).toEqual(['hall', 'hall']);
  });

  it('of a device cannot be opened a second time for another one', async () => {
    await using server = await serveEverything(own);
    await using camera = callerTo(server.address, files('cell/hall/device/camera-8'));
    const rpc = 'weir.policy.v1.PolicyService/Orchestrate';
    const hello = (deviceId: string) => about(rpc, { ...subject, deviceId });
    expect(await camera.call(rpc, hello('camera-8'), hello('camera-7'))).toBe('PERMISSION_DENIED');
    expect(server.seen).toHaveLength(1);
  });
});

describe('what is about all cells', () => {
  it.each(['ListCells', 'Backup'])('is for an operator of all cells: %s', async (name) => {
    const rpc = `weir.policy.v1.PolicyService/${name}`;
    await using server = await serveEverything(own);
    await using everywhere = callerTo(server.address, files('operator/ada'));
    expect(await everywhere.call(rpc, { cellId: '' })).toBe('OK');
    await using ofHall = callerTo(server.address, files('cell/hall/operator/bob'));
    expect(await ofHall.refusal(rpc, { cellId: '' })).toMatchObject({
      status: 'PERMISSION_DENIED',
      message: `operator bob of hall may not call ${rpc} for every cell: that takes an operator of all cells`,
    });
  });
});

describe('a refusal', () => {
  it('says who asked for what, and which right would do, to people and to programs', async () => {
    await using server = await serveEverything(own);
    await using camera = callerTo(server.address, files('cell/hall/device/camera-8'));
    const steering = 'weir.policy.v1.PolicyService/SetObjective';
    expect(await camera.refusal(steering, { cellId: 'hall' })).toMatchObject({
      status: 'PERMISSION_DENIED',
      reason: 'NO_RIGHT',
      message: `device camera-8 of hall may not call ${steering}: that takes an operator`,
      info: { caller: 'spiffe://weir/weir/cell/hall/device/camera-8', rpc: steering },
    });
    const joining = 'weir.policy.v1.PolicyService/Orchestrate';
    expect(await camera.refusal(joining, about(joining, subject))).toMatchObject({
      message: `device camera-8 of hall may not call ${joining} for device camera-7 of cell hall: that takes the device camera-7 itself`,
    });
  });

  it('keeps short and printable what the caller says', async () => {
    await using server = await serveEverything(own);
    await using operator = callerTo(server.address, files('cell/hall/operator/bob'));
    const cellId = `ya${'\u{1f4a5}\n\ud800'.repeat(10_000)}`;
    const refusal = await operator.refusal('weir.policy.v1.PolicyService/SetObjective', { cellId });
    expect(refusal?.status).toBe('PERMISSION_DENIED');
    expect(refusal?.message).toMatch(/^[ -~]{1,500}$/);
  });

  it('is counted each time, and logged once a minute with how many there were', async () => {
    const warnings: object[] = [];
    const logger: Logger = { ...silentLogger, warn: (fields) => void warnings.push(fields) };
    const counted: unknown[] = [];
    const meter = {
      createCounter: () => ({ add: (_: number, labels: unknown) => void counted.push(labels) }),
      createObservableGauge: () => undefined,
    };
    await using server = await serveEverything(own, { logger, meter: meter as never });
    await using camera = callerTo(server.address, files('cell/hall/device/camera-8'));
    const rpc = 'weir.policy.v1.PolicyService/SetLearner';
    for (let i = 0; i < 5; i++) await camera.call(rpc, { cellId: 'hall' });
    expect(warnings).toEqual([{ caller: 'spiffe://weir/weir/cell/hall/device/camera-8', rpc }]);
    const labels = { 'rpc.method': rpc, 'weir.role': 'device', 'error.type': 'PERMISSION_DENIED' };
    expect(counted).toEqual(Array(5).fill(labels));
  });
});

describe('an identity', () => {
  const rpc = 'weir.policy.v1.PolicyService/SetObjective';
  const asOperator = { cellId: 'hall' };

  it('is one: with two in a certificate, or of another trust domain, nobody knows who it is', async () => {
    await using server = await serveEverything(own);
    for (const uris of [
      ['spiffe://weir/weir/operator/ada', 'spiffe://weir/weir/cell/hall/device/camera-8'],
      ['spiffe://elsewhere/weir/operator/ada'],
      ['spiffe://weir/weir/operator/ada/'],
    ]) {
      await using caller = callerTo(server.address, { ca, ...authority.issue('caller', uris) });
      expect([uris, await caller.call(rpc, asOperator)]).toEqual([uris, 'UNAUTHENTICATED']);
    }
  });

  it('counts from an authority that is trusted alone: another one’s operator gets no connection', async () => {
    await using server = await serveEverything(own);
    using stranger = createAuthority('Stranger');
    await using caller = callerTo(server.address, {
      ca,
      ...stranger.issue('ada', ['spiffe://weir/weir/operator/ada']),
    });
    expect(await caller.call(rpc, asOperator)).toBe('UNAVAILABLE');
  });

  it('is nobody’s where the server asks for no certificate: health is all that is answered', async () => {
    const told: string[] = [];
    const { cert, key } = own;
    const logger: Logger = { ...silentLogger, warn: (_, message) => void told.push(message) };
    await using server = await serveEverything({ cert, key }, { logger });
    expect(told).toEqual([expect.stringContaining('nobody can say who calls')]);
    await using caller = callerTo(server.address, files('operator/ada'));
    const answered = [];
    for (const each of everyRpc.keys())
      if ((await caller.call(each, about(each, subject))) === 'OK') answered.push(each);
    expect(answered).toEqual(Object.keys(allowed).filter((each) => each.startsWith('grpc.health.')));
    expect(await caller.call('weir.policy.v1.PolicyService/SetLearner', asOperator)).toBe('UNAUTHENTICATED');
  });

  it('is read once a connection, not once a call', async () => {
    const read = vi.spyOn(TLSSocket.prototype, 'getPeerX509Certificate');
    await using server = await serveEverything(own);
    await using operator = callerTo(server.address, files('operator/ada'));
    expect(await operator.call(rpc, asOperator)).toBe('OK');
    const { length } = read.mock.calls;
    expect(length).toBeGreaterThan(0);
    for (let i = 0; i < 10; i++) expect(await operator.call(rpc, asOperator)).toBe('OK');
    expect(read.mock.calls.length).toBe(length);
    read.mockRestore();
  });
});

describe('without TLS', () => {
  it('all is open on loopback, as before, and nothing is said of it', async () => {
    const warn = vi.fn();
    await using server = await serveEverything({}, { logger: { ...silentLogger, warn } });
    await using caller = callerTo(server.address, undefined);
    expect(await caller.call('weir.policy.v1.PolicyService/SetLearner', { cellId: 'hall' })).toBe('OK');
    expect(warn).not.toHaveBeenCalled();
  });

  it('nothing is served off loopback, unless told to, and then the log says what is open', async () => {
    await expect(serveEverything({}, { listen: '0.0.0.0:0' })).rejects.toMatchObject({
      reason: 'PLAINTEXT_REFUSED',
    });
    const warn = vi.fn();
    const logger = { ...silentLogger, warn };
    await using _server = await serveEverything({}, { listen: '0.0.0.0:0', allowPlaintext: true, logger });
    expect(warn.mock.calls[0]![1]).toMatch(/everybody .*0\.0\.0\.0:0 .*PolicyService.*steer/);
  });
});
