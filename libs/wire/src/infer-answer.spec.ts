import { worker } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { answerFiguresFromWire, peerMsFromWire } from './infer-answer.ts';

const figures = {
  queueMs: 1,
  decodeMs: 2,
  computeMs: 3,
  workerMs: 7,
  energyJ: 0.5,
  concurrency: 4,
  batchSize: 2,
};

describe('answerFiguresFromWire', () => {
  it('takes what the worker measured', () => {
    const wire = worker.InferResponse.fromPartial({ requestId: 'r', ...figures });
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
    const wire = worker.InferResponse.fromPartial({ ...figures, [name]: bad });
    const { value, leftOut } = answerFiguresFromWire(wire);
    expect(value).toEqual({ ...figures, [name]: 0 });
    expect(leftOut.map((fault) => fault.field)).toEqual([field]);
  });
});

describe('the batch of an answer', () => {
  it.each([0, 4e9])('is the frame alone where a worker says %i', (batchSize) => {
    const wire = worker.InferResponse.fromPartial({ ...figures, batchSize });
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
