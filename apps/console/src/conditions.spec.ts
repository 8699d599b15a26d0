import { describe, expect, it } from 'vitest';
import { type Circumstances, conditionsOf } from './conditions.ts';
import type { BelowFloor } from './floor.ts';

const day = 86_400_000;
const fault = { peer: 'edge-1', cause: 'authority', text: 'wrong authority', ageMs: 0 };
const device = (deviceId: string, change: object = {}) => ({
  deviceId,
  peerFaults: [],
  certificates: [{ file: 'cert.pem', expiresInMs: 3 * day, due: false }],
  ...change,
});
const conditions = (given: Partial<Circumstances>) => [
  ...conditionsOf({ agents: [], certificates: [], belowFloor: new Map(), now: 7, ...given }).values(),
];
const texts = (given: Partial<Circumstances>) => conditions(given).map(({ text }) => text);

describe('what goes on in a cell', () => {
  it('is nothing while all is well', () => {
    expect(conditions({ agents: [device('a'), device('b')] })).toEqual([]);
  });

  it('is a peer that cannot be reached, once for all devices and each cause', () => {
    const agents = ['a', 'b', 'c', 'd', 'e'].map((id) => device(id, { peerFaults: [fault] }));
    const other = device('f', { peerFaults: [{ ...fault, cause: 'refused', text: 'nobody listens' }] });
    expect(conditions({ agents: [...agents, other] })).toEqual([
      {
        text: 'edge-1 cannot be reached by a, b, c and 2 more: wrong authority',
        over: 'edge-1 can be reached again by a, b, c and 2 more',
        by: ['a', 'b', 'c', 'd', 'e'],
      },
      {
        text: 'edge-1 cannot be reached by f: nobody listens',
        over: 'edge-1 can be reached again by f',
        by: ['f'],
      },
    ]);
  });

  it.each([
    ['no_right', 'policy', 'PolicyService refuses a: why'],
    ['device_twice', 'policy', 'two agents at once: why'],
    ['silent', 'telemetry', 'Telemetry cannot be reached by a: why'],
  ])('is called by its name: %s of %s', (cause, peer, words) => {
    const agents = [device('a', { peerFaults: [{ peer, cause, text: 'why', ageMs: 0 }] })];
    expect(texts({ agents })).toEqual([words]);
  });

  it.each([
    [9 * day, 'expires in 9 days'],
    [5 * 3_600_000, 'expires in 5 h'],
    [-1, 'has expired'],
  ])('is a certificate that is due, and its time: %d ms', (expiresInMs, words) => {
    const certificates = [{ file: 'cert.pem', expiresInMs, due: true }];
    const own = { file: 'own.pem', expiresAt: 7 + expiresInMs, due: true };
    expect(texts({ agents: [device('a', { certificates })], certificates: [own] })).toEqual([
      `the console’s certificate ${words}`,
      `certificate of a ${words}`,
    ]);
  });

  it('is a floor that is not met, once for each kind of reason', () => {
    const refused = (reason: string): BelowFloor => ({ kind: 'refused', reason });
    const belowFloor = new Map([
      ['a', refused('balance 0.1')],
      ['b', refused('balance 0.2')],
      ['c', { kind: 'pinned', reason: 'small is pinned' } as const],
    ]);
    expect(texts({ belowFloor })).toEqual([
      'floor not met by a, b: balance 0.1',
      'floor not met by c: small is pinned',
    ]);
  });
});
