import { execFileSync } from 'node:child_process';
import { silentLogger } from '@weir/base';
import { type RunningCell, exampleCell, startCell } from '@weir/cell';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Method {
  method: string;
  types: string[];
  answer?: string;
}

describe('a strict pool of descriptors', () => {
  let cell: RunningCell;
  beforeAll(async () => {
    cell = await startCell(exampleCell({ devices: 1 }), { logger: silentLogger });
  });
  afterAll(() => cell?.[Symbol.asyncDispose]());

  it.each([
    ['device-1', 'weir.agent.v1.DeviceAgent/Infer', 'weir.common.v1.Placement'],
    ['edge-1', 'weir.worker.v1.InferenceWorker/Infer', 'weir.common.v1.Classification'],
    ['policy', 'weir.policy.v1.PolicyService/GetObjective', 'weir.common.v1.Objective'],
    ['telemetry', 'weir.telemetry.v1.Telemetry/GetCell', 'weir.common.v1.NodeLoad'],
  ])('resolves every type that %s tells of', (name, method, type) => {
    const script = new URL('reflect.py', import.meta.url).pathname;
    const stdout = execFileSync(process.env.WEIR_PYTHON ?? 'python3', [script, cell.address(name)], {
      encoding: 'utf8',
    });
    const lines = stdout.trimEnd().split('\n');
    const methods = new Map(
      lines.map((line) => JSON.parse(line) as Method).map((each) => [each.method, each]),
    );
    expect(methods.get(method)?.types).toContain(type);
    expect(methods.get('grpc.health.v1.Health/Check')?.answer).toContain('SERVING');
    for (const version of ['v1', 'v1alpha'])
      expect(
        methods.get(`grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`)?.types,
      ).toContain(`grpc.reflection.${version}.ServerReflectionResponse`);
    if (name === 'device-1')
      expect(methods.get('weir.agent.v1.DeviceAgent/GetStatus')?.answer).toContain('device_id: "device-1"');
  });
});
