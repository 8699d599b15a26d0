import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { silentLogger } from '@weir/base';
import { type RunningCell, exampleCell, startCell } from '@weir/cell';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sample } from '../support/client-contract.ts';

let cell: RunningCell;
beforeAll(async () => {
  cell = await startCell(exampleCell({ devices: 1 }), { logger: silentLogger });
});
afterAll(() => cell?.[Symbol.asyncDispose]());

const grpcurl = (...argv: string[]) =>
  execFileSync(process.env.WEIR_GRPCURL!, ['-plaintext', ...argv], { encoding: 'utf8' });

/** Whoever infers speaks it besides. */
const openInference = 'inference.GRPCInferenceService';

describe.each([
  ['device-1', 'weir.agent.v1.DeviceAgent', 'GetStatus', {}, { deviceId: 'device-1', cellId: 'cell-1' }],
  ['edge-1', 'weir.worker.v1.InferenceWorker', 'ListVariants', {}, { nodeId: 'edge-1', tier: 'TIER_EDGE' }],
  [
    'policy',
    'weir.policy.v1.PolicyService',
    'GetObjective',
    { cellId: 'cell-1' },
    { objective: { allowedTiers: ['TIER_DEVICE', 'TIER_EDGE', 'TIER_CLOUD'] } },
  ],
  ['telemetry', 'weir.telemetry.v1.Telemetry', 'GetCell', { cellId: 'cell-1' }, {}],
])('grpcurl at %s', (process, service, method, request, answer) => {
  it('lists what it serves', () => {
    expect(grpcurl(cell.address(process), 'list').trim().split('\n')).toEqual([
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
      ...(['device-1', 'edge-1'].includes(process) ? [openInference] : []),
      service,
    ]);
  });

  it('describes each service, with its comments', () => {
    const described = grpcurl(cell.address(process), 'describe');
    expect(described).toContain(`${service} is a service:`);
    expect(described).toContain('grpc.health.v1.Health is a service:');
    expect(described).toMatch(new RegExp(`// .*\\n  rpc ${method} \\(`));
  });

  it('calls it, and health', () => {
    const call = (name: string, message: object) =>
      JSON.parse(grpcurl('-d', JSON.stringify(message), cell.address(process), name)) as unknown;
    expect(call(`${service}/${method}`, request)).toMatchObject(answer);
    expect(call('grpc.health.v1.Health/Check', { service })).toEqual({ status: 'SERVING' });
  });
});

it('grpcurl asks about a picture', () => {
  const message = {
    requestId: 'one',
    input: { encodedImage: readFileSync(sample(0)).toString('base64') },
  };
  const answer = grpcurl(
    '-d',
    JSON.stringify(message),
    cell.address('device-1'),
    'weir.agent.v1.DeviceAgent/Infer',
  );
  expect(JSON.parse(answer)).toMatchObject({
    requestId: 'one',
    classification: { label: expect.stringMatching(/\w/) as string },
  });
});
