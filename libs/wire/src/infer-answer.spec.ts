import { worker } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { answerFiguresFromWire, peerMsFromWire } from './infer-answer.ts';

const classification = { classIndex: 1, label: 'cat', confidence: 0.7, margin: 0.5 };
const timings = {
  queueMs: 1,
  decodeMs: 2,
  computeMs: 3,
  workerMs: 7,
  energyJ: 0.5,
  concurrency: 4,
  batchSize: 2,
};
const figures = { ...timings, confidence: 0.7, margin: 0.5 };

describe('answerFiguresFromWire', () => {
  it('takes what the worker measured', () => {
    const wire = worker.InferResponse.fromPartial({ requestId: 'r', ...timings, classification });
    expect(answerFiguresFromWire(wire)).toEqual({ value: figures, leftOut: [] });
  });

  it.each([
    ['queueMs', 'queue_ms', NaN],
    ['decodeMs', 'decode_ms', -1],
    ['computeMs', 'compute_ms', Infinity],
    ['workerMs', 'worker_ms', 1e10],
    ['energyJ', 'energy_j', -3],
    ['concurrency', 'concurrency', 4e9],
  ])('counts a %s that is none as 0, and tells it', (name, field, bad) => {
    const wire = worker.InferResponse.fromPartial({ ...timings, [name]: bad, classification });
    const { value, leftOut } = answerFiguresFromWire(wire);
    expect(value).toEqual({ ...figures, [name]: 0 });
    expect(leftOut.map((fault) => fault.field)).toEqual([field]);
  });
});

describe('the confidence of an answer', () => {
  it.each([
    ['margin', NaN],
    ['margin', -1],
    ['confidence', 1.5],
  ] as const)('is none where a worker says a %s of %d', (name, bad) => {
    const wire = worker.InferResponse.fromPartial({
      ...timings,
      classification: { ...classification, [name]: bad },
    });
    const { value, leftOut } = answerFiguresFromWire(wire);
    expect(value).toEqual({ ...figures, [name]: 0 });
    expect(leftOut.map((fault) => fault.field)).toEqual([`classification.${name}`]);
  });
});

describe('the batch of an answer', () => {
  it.each([0, 4e9])('is the frame alone where a worker says %i', (batchSize) => {
    const wire = worker.InferResponse.fromPartial({ ...timings, batchSize, classification });
    expect(answerFiguresFromWire(wire).value).toEqual({ ...figures, batchSize: 1 });
  });
});

describe('peerMsFromWire', () => {
  it('counts a time that is none as 0', () => {
    expect([0, 3, NaN, -1, Infinity].map((workerMs) => peerMsFromWire({ sequence: 1, workerMs }))).toEqual([
      0, 3, 0, 0, 0,
    ]);
  });
});
