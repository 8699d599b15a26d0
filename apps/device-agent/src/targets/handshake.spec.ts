import { Unavailable } from '@weir/base';
import type { Listing } from '@weir/wire';
import { describe, expect, it } from 'vitest';
import { Handshake } from './handshake.ts';

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
const run = (instanceId: string, familyVersion = 'v1') => ({ instanceId, familyVersion });
const listing = (instanceId: string, version = 'v1'): Listing => ({
  variants: [],
  labels: [],
  instanceId,
  family: { name: 'garments', version },
});

function setUp() {
  const questions: PromiseWithResolvers<Listing | undefined>[] = [];
  const done: string[] = [];
  const failed: unknown[] = [];
  const handshake = new Handshake({
    questions: {
      ask() {
        questions.push(Promise.withResolvers());
        return questions.at(-1)!.promise;
      },
      compare: ({ instanceId }) => new Set([`of ${instanceId}`]),
    },
    onDone: () => done.push([...handshake.foreign!].join()),
    onFailed: (error) => failed.push(error),
  });
  const answer = async (value: Listing | undefined, at = questions.length - 1) => {
    questions[at]!.resolve(value);
    await settle();
  };
  return { handshake, questions, done, failed, answer };
}

describe('Handshake', () => {
  it('asks each run of a worker once, and knows nothing of it before it has answered', async () => {
    const { handshake, questions, done, answer } = setUp();
    handshake.heard(run('a'));
    handshake.heard(run('a'));
    expect(questions).toHaveLength(1);
    expect(handshake.foreign).toBeUndefined();
    await answer(listing('a'));
    expect(handshake.foreign).toEqual(new Set(['of a']));
    handshake.heard(run('a'));
    expect([questions.length, done]).toEqual([1, ['of a']]);
  });

  it('begins anew with another run', async () => {
    const { handshake, questions, done, answer } = setUp();
    handshake.heard(run('a'));
    await answer(listing('a'));
    handshake.heard(run('b'));
    expect([handshake.foreign, questions.length]).toEqual([undefined, 2]);
    await answer(listing('b'));
    expect(done).toHaveLength(2);
  });

  it.each([
    ['the same run tells another version of its family', 'v2', (it: Handshake) => it.heard(run('a', 'v2'))],
    ['it is told to compare again', 'v1', (it: Handshake) => it.again()],
  ])(
    'asks again when %s, and goes by what it knew until that is answered',
    async (_what, version, change) => {
      const { handshake, questions, done, answer } = setUp();
      handshake.heard(run('a'));
      await answer(listing('a'));
      change(handshake);
      expect([handshake.foreign, questions.length]).toEqual([new Set(['of a']), 2]);
      questions[1]!.reject(new Unavailable('gone'));
      await settle();
      expect(handshake.foreign).toEqual(new Set(['of a']));
      handshake.retry();
      await answer(listing('a', version));
      expect([done.length, questions.length]).toEqual([2, 3]);
      handshake.retry();
      expect(questions).toHaveLength(3);
    },
  );

  it('takes no answer to an earlier question', async () => {
    const { handshake, done, answer } = setUp();
    handshake.heard(run('a'));
    handshake.heard(run('b'));
    await answer(listing('a'), 0);
    expect(done).toEqual([]);
    await answer(listing('b'), 1);
    expect(done).toEqual(['of b']);
  });

  it.each([
    ['run', listing('b')],
    ['family', listing('a', 'v2')],
  ])('takes no listing of another %s than the stream’s, and asks again', async (_what, other) => {
    const { handshake, questions, done, answer } = setUp();
    handshake.heard(run('a'));
    await answer(other);
    expect(done).toEqual([]);
    handshake.retry();
    handshake.retry();
    expect(questions).toHaveLength(2);
    await answer(listing('a'));
    expect(done).toEqual(['of a']);
    handshake.retry();
    expect(questions).toHaveLength(2);
  });

  it('tells the first failure, and asks again when told to', async () => {
    const { handshake, questions, failed, done, answer } = setUp();
    handshake.retry();
    expect(questions).toHaveLength(0);
    handshake.heard(run('a'));
    questions[0]!.reject(new Unavailable('gone'));
    await settle();
    expect(failed).toEqual([expect.any(Unavailable)]);
    handshake.retry();
    questions[1]!.reject(new Unavailable('still gone'));
    await settle();
    expect(failed).toHaveLength(1);
    handshake.retry();
    await answer(listing('a'));
    expect(done).toEqual(['of a']);
  });

  it('forgets who it was when the stream ends', async () => {
    const { handshake, questions, done, answer } = setUp();
    handshake.heard(run('a'));
    handshake.forget();
    await answer(listing('a'));
    expect([handshake.foreign, done]).toEqual([undefined, []]);
    handshake.heard(run('a'));
    expect(questions).toHaveLength(2);
  });

  it('takes a worker that tells neither run nor family, or cannot list, as it is', async () => {
    const { handshake, answer } = setUp();
    handshake.heard(run('', ''));
    await answer({ variants: [], labels: [] });
    expect(handshake.foreign).toEqual(new Set(['of undefined']));
    handshake.forget();
    handshake.heard(run('', ''));
    await answer(undefined);
    expect(handshake.foreign).toEqual(new Set());
  });
});
