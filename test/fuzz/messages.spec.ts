import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { policy } from '@weir/proto';
import { contracts } from '@weir/proto/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { framed, unframed } from './corpus.ts';
import { anyMessage, damaged, variation } from './messages.ts';

const type = contracts().getMessage('weir.policy.v1.OrchestrateRequest')!;
const base = policy.OrchestrateRequest.encode({
  message: {
    $case: 'hello',
    value: policy.Hello.fromPartial({
      cellId: 'c',
      deviceId: 'd',
      local: { nodeId: 'd', services: [{ variant: 'v' }] },
    }),
  },
}).finish();
const seed = 1;
const drawn = (arbitrary: fc.Arbitrary<Uint8Array>) => fc.sample(arbitrary, { numRuns: 500, seed });
/** All but those with a text that is no UTF-8. */
const mostParse = (messages: readonly Uint8Array[]) => messages.filter(parses).length > 0.5 * messages.length;
const parses = (bytes: Uint8Array): boolean => {
  try {
    fromBinary(type, bytes);
    return true;
  } catch {
    return false;
  }
};

describe('random messages', () => {
  it('parse, and say everything that the type can', () => {
    const messages = drawn(anyMessage(type));
    expect(mostParse(messages)).toBe(true);
    const kinds = messages
      .filter(parses)
      .map((bytes) => policy.OrchestrateRequest.decode(bytes).message?.$case);
    const declared = type.oneofs[0]!.fields.map(({ localName }) => localName);
    expect(declared).toContain('hello');
    expect(new Set(kinds)).toEqual(new Set([...declared, undefined]));
  });
});

describe('variations of a message', () => {
  const varied = drawn(variation(type, base));

  it('parse, and are seldom the same', () => {
    expect(mostParse(varied)).toBe(true);
    const same = varied
      .filter(parses)
      .filter((bytes) => Buffer.from(toBinary(type, fromBinary(type, bytes))).equals(base));
    expect(same.length).toBeLessThan(0.2 * varied.length);
  });

  it('change what lies deep in it, and leave the rest', () => {
    const hellos = varied.filter(parses).flatMap((bytes) => {
      const { message } = policy.OrchestrateRequest.decode(bytes);
      return message?.$case === 'hello' ? [message.value] : [];
    });
    const deep = hellos.filter(({ local }) => local?.services[0] && local.services[0].variant !== 'v');
    expect(deep.length).toBeGreaterThan(0);
    expect(deep.filter(({ cellId, deviceId }) => cellId === 'c' && deviceId === 'd').length).toBeGreaterThan(
      0,
    );
  });
});

describe('damaged messages', () => {
  it('are others, and some do not parse', () => {
    const bytes = drawn(damaged(fc.constant(base)));
    expect(bytes.filter((each) => Buffer.from(each).equals(base)).length).toBeLessThan(50);
    expect(bytes.some((each) => !parses(each))).toBe(true);
  });
});

describe('the corpus', () => {
  it('keeps the messages of a call apart', () => {
    const messages = [Buffer.from('one'), Buffer.alloc(0), Buffer.alloc(300, 3)];
    expect(unframed(framed(messages))).toEqual(messages);
  });
});
