import { describe, expect, it } from 'vitest';
import { OutlierCircuit, type Verdict } from './outlier-circuit.ts';

const observe = (circuit: OutlierCircuit, verdicts: readonly Verdict[]) =>
  verdicts.map((verdict) => circuit.observe(verdict));
const times = (count: number, ...verdicts: Verdict[]) => Array.from({ length: count }, () => verdicts).flat();

describe('outlier circuit', () => {
  it('finds an outlier by failures in a row, which an answer interrupts', () => {
    const found = observe(new OutlierCircuit(3), ['failed', 'failed', 'good', 'failed', 'failed', 'failed']);
    expect(found).toEqual([undefined, undefined, undefined, undefined, undefined, '3 failures in a row']);
  });

  it('finds one that fails half of the time, not one that fails a fourth of the time', () => {
    const half = observe(new OutlierCircuit(3), times(100, 'failed', 'good'));
    expect(half).toContain('half of its frames fail');
    const fourth = observe(new OutlierCircuit(3), times(100, 'failed', 'good', 'good', 'good'));
    expect(fourth.every((reason) => reason === undefined)).toBe(true);
  });

  it('finds one that is slow five times in a row; failures in between do not make it faster', () => {
    expect(observe(new OutlierCircuit(3), times(4, 'slow')).at(-1)).toBeUndefined();
    expect(observe(new OutlierCircuit(3), [...times(4, 'slow'), 'good', 'slow']).at(-1)).toBeUndefined();
    expect(observe(new OutlierCircuit(3), [...times(4, 'slow'), 'failed', 'slow']).at(-1)).toMatch(/slower/);
  });

  it('pauses longer with each ejection, up to a minute', () => {
    const circuit = new OutlierCircuit(3);
    const pauses = [circuit.eject('x', 0)];
    for (let probe = 0; probe < 14; probe++) pauses.push(circuit.prolong(circuit.ejection!.until));
    expect(pauses.slice(0, 4)).toEqual([5_000, 10_000, 15_000, 20_000]);
    expect(pauses.at(-1)).toBe(60_000);
  });

  it('forgets one ejection for each ten seconds of good behaviour', () => {
    const again = (goodMs: number) => {
      const circuit = new OutlierCircuit(3);
      circuit.eject('x', 0);
      circuit.prolong(5_000);
      circuit.prolong(15_000);
      circuit.restore(30_000);
      return circuit.eject('x', 30_000 + goodMs);
    };
    expect([9_999, 10_000, 25_000, 1e9].map(again)).toEqual([20_000, 15_000, 10_000, 5_000]);
  });

  it('is probed once its pause is over, one probe at a time, and again when a probe is lost', () => {
    const circuit = new OutlierCircuit(3);
    expect(circuit.probeDue(0)).toBe(false);
    circuit.eject('x', 0);
    expect([4_999, 5_000, 5_001, 19_999, 20_000].map((now) => circuit.probeDue(now))).toEqual([
      false,
      true,
      false,
      false,
      true,
    ]);
  });

  it('starts afresh when it is back', () => {
    const circuit = new OutlierCircuit(3);
    observe(circuit, times(3, 'failed'));
    circuit.eject('x', 0);
    circuit.restore(6_000);
    expect(circuit.ejection).toBeUndefined();
    expect(observe(circuit, times(2, 'failed')).at(-1)).toBeUndefined();
  });
});
