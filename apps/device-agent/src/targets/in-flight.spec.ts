import { AlreadyExists, ResourceExhausted } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { InFlight } from './in-flight.ts';

describe('InFlight', () => {
  it('settles each request by its id', async () => {
    const inFlight = new InFlight<string>(2);
    const [a, b] = [inFlight.add('a'), inFlight.add('b')];
    expect(inFlight.resolve('b', 'answer')).toBe(true);
    expect(inFlight.reject('a', new Error('broken'))).toBe(true);
    await expect(a).rejects.toThrow('broken');
    await expect(b).resolves.toBe('answer');
    expect(inFlight.size).toBe(0);
  });

  it('ignores an answer to a request no longer in flight', () => {
    const inFlight = new InFlight<string>(1);
    expect(inFlight.resolve('a', 'late')).toBe(false);
    expect(inFlight.reject('a', new Error('late'))).toBe(false);
  });

  it('refuses what is beyond its limit or in flight already', () => {
    const inFlight = new InFlight<string>(2);
    void inFlight.add('a');
    expect(() => inFlight.add('a')).toThrow(AlreadyExists);
    void inFlight.add('b');
    expect(() => inFlight.add('c')).toThrow(ResourceExhausted);
  });

  it('rejects all at once', async () => {
    const inFlight = new InFlight<string>(2);
    const all = [inFlight.add('a'), inFlight.add('b')];
    inFlight.rejectAll(new Error('broken'));
    for (const one of all) await expect(one).rejects.toThrow('broken');
  });
});
