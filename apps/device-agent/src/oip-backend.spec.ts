import { Cancelled, ResourceExhausted } from '@weir/base';
import { loadFamily } from '@weir/inference';
import type { OipCall } from '@weir/oip';
import { agent, common } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import type { Admission, Agent, CallBounds } from './agent.ts';
import { oipBackend } from './oip-backend.ts';
import { knownFamily } from './targets/known-family.ts';

const family = await loadFamily();
const [first] = family.variants as [(typeof family.variants)[number]];
const { signal } = new AbortController();
const call: OipCall = {
  arrivedAt: 0,
  deadlineAt: 5_000,
  signal,
  caller: 'a',
  trace: { traceparent: 'trace', tracestate: '' },
  mayWait: false,
};

/** A device that notes what it is asked. */
function device({ runs = () => true }: { runs?: (variant: string) => boolean } = {}) {
  const asked: { request: agent.InferRequest; bounds: CallBounds }[] = [];
  const refused: string[] = [];
  const admission: Admission = { askedAt: 0, leave: () => {} };
  const parts = {
    admit: async (): Promise<Admission> => admission,
  };
  const backend = oipBackend(
    {
      admitWhenFree: () => parts.admit(),
      refused: ({ status }) => void refused.push(status),
      async answer(request, bounds) {
        asked.push({ request, bounds });
        return agent.InferResponse.create({
          placement: { tier: common.Tier.EDGE, nodeId: 'edge-1', variant: first.name },
          decision: agent.Decision.create({ reason: agent.Reason.PLANNED }),
          classification: common.Classification.create({ label: 'bag', confidence: 0.75 }),
          hops: common.HopTimings.create({ queueMs: 1, decodeMs: 2, computeMs: 3 }),
          responseMs: 8,
          expectedAccuracy: 0.8,
          looks: [agent.Look.create()],
        });
      },
    } satisfies Pick<Agent, 'answer' | 'admitWhenFree' | 'refused'>,
    { view: { runs, known: knownFamily(family) }, slots: 2 },
  );
  const infer = (model: string, more: { accuracyFloor?: number; mayWait?: boolean } = {}) =>
    backend.infer(
      {
        model: backend.models().find(({ name }) => name === model)!,
        requestId: 'r1',
        input: { content: undefined },
        timeoutMs: 7,
        accuracyFloor: more.accuracyFloor,
      },
      { ...call, mayWait: more.mayWait ?? false },
    );
  return { backend, infer, asked, refused, admission, parts };
}

describe('a device asked by the Open Inference Protocol', () => {
  it('is one model under two names that chooses by itself, and one for each variant', () => {
    const models = device().backend.models();
    expect(models.map(({ name }) => name)).toEqual([
      'weir',
      family.name,
      ...family.variants.map(({ name }) => name),
    ]);
    expect(models[0]).toMatchObject({ platform: 'weir', labels: family.labels, instances: 2 });
    expect(models[2]).toMatchObject({ platform: 'onnxruntime_onnx', instances: 2 });
  });

  it('cannot be asked for a variant while no node is known to run it', () => {
    const known = new Set([first.name]);
    const models = device({ runs: (variant) => known.has(variant) }).backend.models();
    const ready = () => models.filter(({ obstacle }) => obstacle === undefined).map(({ name }) => name);
    expect(ready()).toEqual(['weir', family.name, first.name]);
    known.add(family.variants[1]!.name);
    expect(ready()).toHaveLength(4);
  });

  it('asks the agent for outputs too, within the time of request and call, and passes its floor on', async () => {
    const { infer, asked } = device();
    await infer('weir', { accuracyFloor: 0.9 });
    await infer(family.name);
    expect(asked).toMatchObject([
      {
        request: {
          requestId: 'r1',
          timeoutMs: 7,
          wantOutputs: true,
          trace: { traceparent: 'trace' },
        },
        bounds: {
          deadlineAt: 5_000,
          signal,
          rpcMethod: 'inference.GRPCInferenceService/ModelInfer',
          wishes: { leastAccuracy: 0.9, variant: undefined },
        },
      },
      { bounds: { wishes: { leastAccuracy: undefined, variant: undefined } } },
    ]);
    expect(asked[0]!.bounds.admission).toBeUndefined();
  });

  it('asks for one variant by its own name', async () => {
    const { infer, asked } = device();
    await infer(first.name);
    expect(asked[0]!.bounds.wishes).toEqual({ leastAccuracy: undefined, variant: first.name });
  });

  it('tells where it ran, why, and what it says', async () => {
    expect(await device().infer('weir')).toMatchObject({
      times: { queueMs: 1, decodeMs: 2, computeMs: 3 },
      batchSize: 1,
      facts: {
        weir_node: 'edge-1',
        weir_tier: 'edge',
        weir_variant: first.name,
        weir_reason: 'planned',
        weir_label: 'bag',
        weir_confidence: 0.75,
        weir_looks: 1,
        weir_response_ms: 8,
        weir_expected_accuracy: 0.8,
      },
    });
  });

  it('has a stream wait for its place, and counts what gets none', async () => {
    const { infer, asked, refused, admission, parts } = device();
    await infer('weir', { mayWait: true });
    expect(asked[0]!.bounds).toMatchObject({
      admission,
      rpcMethod: 'inference.GRPCInferenceService/ModelStreamInfer',
    });
    parts.admit = async () => {
      throw new ResourceExhausted('no place');
    };
    await expect(infer('weir', { mayWait: true })).rejects.toThrow('no place');
    parts.admit = async () => {
      throw new Cancelled('left');
    };
    await expect(infer('weir', { mayWait: true })).rejects.toThrow('left');
    expect(refused).toEqual(['RESOURCE_EXHAUSTED', 'CANCELLED']);
    expect(asked).toHaveLength(1);
  });
});
