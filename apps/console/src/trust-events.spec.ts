import { describe, expect, it } from 'vitest';
import { trustEvents } from './trust-events.ts';

const day = 86_400_000;
const fault = { peer: 'edge-1', cause: 'authority', text: 'wrong authority', ageMs: 0 };
const device = (change: Partial<Parameters<ReturnType<typeof trustEvents>>[0][number]> = {}) => ({
  deviceId: 'camera-7',
  peerFaults: [],
  certificates: [{ file: 'cert.pem', expiresInMs: 3 * day, due: false }],
  ...change,
});

describe('what the console says of trust', () => {
  it('comes once, and again when it comes back', () => {
    const told: string[] = [];
    const look = trustEvents((text) => told.push(text));
    look([device()], [], 0);
    expect(told).toEqual([]);
    for (let n = 0; n < 3; n++) look([device({ peerFaults: [fault] })], [], 0);
    expect(told).toEqual(['camera-7 cannot reach edge-1: wrong authority']);
    look([device()], [], 0);
    look([device({ peerFaults: [fault] })], [], 0);
    expect(told).toHaveLength(2);
  });

  it.each([
    [9 * day, 'expires in 9 days'],
    [5 * 3_600_000, 'expires in 5 h'],
    [-1, 'has expired'],
  ])('counts the time of a certificate that is due: %d ms', (expiresInMs, words) => {
    const told: string[] = [];
    const certificates = [{ file: 'cert.pem', expiresInMs, due: true }];
    trustEvents((text) => told.push(text))(
      [device({ certificates })],
      [{ file: 'own.pem', expiresAt: 7 + expiresInMs, due: true }],
      7,
    );
    expect(told).toEqual([`the console’s certificate ${words}`, `certificate of camera-7 ${words}`]);
  });
});
