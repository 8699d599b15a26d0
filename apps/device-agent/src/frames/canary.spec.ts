import { Internal, InvalidInput, NotFound, Unavailable } from '@weir/base';
import type { common } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { drawOf } from './draw.ts';
import { onEdge, oneFrame } from './one-frame.fixture.ts';

const onCanary = { ...onEdge, variant: 'newer' };
const says = { ms: 20, margin: 0.9 };

describe('a frame of a trial', () => {
  it('says whose trial it was part of, whichever side it was on', async () => {
    for (const place of [onCanary, onEdge]) {
      const { clock, answer, outcomes } = oneFrame({
        canary: 'newer',
        firsts: [place],
        nodes: { 'edge-1': says },
      });
      clock.advance(50);
      expect((await answer).placement).toEqual(place);
      expect(outcomes).toMatchObject([{ placement: place, trial: 'newer' }]);
    }
  });

  it.each([
    ['its model fails', new Internal('broken'), []],
    ['the node serves it no more', new NotFound('no such variant'), []],
    ['it takes no such input', new InvalidInput([{ field: 'tensor', description: 'another shape' }]), []],
    ['its node is away', new Unavailable('gone'), ['edge-1']],
  ])('goes to the variant that the canary stands in for when %s', async (_why, fails, left) => {
    const frame = oneFrame({
      canary: 'newer',
      firsts: [onCanary],
      nodes: { 'edge-1': { ms: 20, fails }, 'device-1': says },
    });
    frame.clock.advance(20);
    await new Promise((resolve) => setImmediate(resolve));
    frame.clock.advance(20);
    expect((await frame.answer).placement.variant).toBe('small');
    expect(frame.dispatched).toEqual([
      { mayDraw: true, exclude: [] },
      { mayDraw: false, exclude: left },
    ]);
  });
});

describe('the place of an input among those that a canary shares', () => {
  const image = (text: string): common.Input => ({
    content: { $case: 'encodedImage', value: Buffer.from(text) },
  });

  it('is always the same, and another for another input or canary', () => {
    const place = drawOf(image('a'), 'newer');
    expect(drawOf(image('a'), 'newer')).toBe(place);
    expect(drawOf(image('b'), 'newer')).not.toBe(place);
    expect(drawOf(image('a'), 'other')).not.toBe(place);
  });

  it('tells tensors apart by what is in them', () => {
    const tensors = (name: string, ...data: number[]): common.Input => ({
      content: {
        $case: 'tensors',
        value: { tensors: [{ name, tensor: { shape: [1], dataType: 3, data: Buffer.from(data) } }] },
      },
    });
    const places = [tensors('x', 1), tensors('x', 2), tensors('y', 1)].map((input) => drawOf(input, 'newer'));
    expect(new Set(places).size).toBe(3);
    expect(drawOf(tensors('x', 1), 'newer')).toBe(places[0]);
  });

  it('is uniform', () => {
    const below = Array.from({ length: 4_000 }, (_, at) => drawOf(image(`${at}`), 'newer')).filter(
      (place) => place < 0.2,
    );
    expect(Math.abs(below.length - 800)).toBeLessThan(4.5 * Math.sqrt(4_000 * 0.2 * 0.8));
  });
});
