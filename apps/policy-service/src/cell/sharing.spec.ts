import { describe, expect, it } from 'vitest';
import { nodeReport } from '../sessions/agent.fixture.ts';
import { sharing } from './sharing.ts';

describe('sharing', () => {
  const known = nodeReport('edge-1', 'edge', { queued: 1 });

  it('keeps what the report says anew, and the objects of what it repeats', () => {
    const report = nodeReport('edge-1', 'edge', { queued: 7 });
    const shared = sharing(report, known);
    expect(shared).toEqual(report);
    expect(shared.node).toBe(known.node);
    expect(shared.services).toBe(known.services);
  });

  it.each([
    ['another time of a service', nodeReport('edge-1', 'edge', { services: { small: 5, large: 51 } })],
    ['another variant', nodeReport('edge-1', 'edge', { services: { small: 5, other: 50 } })],
    ['other slots', nodeReport('edge-1', 'edge', { slots: 3 })],
  ])('takes %s over', (_, report) => {
    expect(sharing(report, known)).toEqual(report);
  });

  it('leaves a report of what is not known as it is', () => {
    expect(sharing(known, undefined)).toBe(known);
  });
});
