import { agent } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { SecondLooksTally } from './second-looks-tally.ts';

const said = (label: string, margin: number) => ({ classification: { label, margin } });
/** A frame that shows a cat. */
const tallied = (...frames: object[]) => {
  const tally = new SecondLooksTally();
  for (const frame of frames) tally.add(agent.InferResponse.fromPartial(frame), 'cat');
  return tally.result();
};
const once = (label: string, margin: number) => ({ ...said(label, margin), looks: [said(label, margin)] });
const twice = (first: string, margin: number, second: string) => ({
  ...said(second, 0.9),
  looks: [said(first, margin), said(second, 0.9)],
});

describe('second looks at frames', () => {
  it('are counted, with what they changed', () => {
    const result = tallied(
      once('cat', 0.9),
      twice('dog', 0.1, 'cat'),
      twice('cat', 0.2, 'cat'),
      once('dog', 0.8),
    );
    expect(result).toMatchObject({ share: 0.5, firstRight: 0.5, agreed: 0.5 });
  });

  it('give a curve from every first answer to all second ones, the least certain first', () => {
    // The second look helps at margin 0.1 and harms at 0.3.
    const { coverage } = tallied(
      twice('cat', 0.3, 'dog'),
      twice('dog', 0.1, 'cat'),
      once('cat', 0.9),
      once('cat', 0.9),
    );
    expect(coverage).toEqual([
      { first: 1, accuracy: 0.75 },
      { first: 0.75, accuracy: 1 },
      { first: 0.5, accuracy: 0.75 },
    ]);
  });

  it('keep the curve short, and its ends, however many there are', () => {
    const many = Array.from({ length: 1_000 }, (_, at) => twice('dog', at / 1_000, 'cat'));
    const { coverage } = tallied(...many);
    expect(coverage.length).toBeLessThanOrEqual(26);
    expect(coverage[0]).toEqual({ first: 1, accuracy: 0 });
    expect(coverage.at(-1)).toEqual({ first: 0, accuracy: 1 });
  });

  it('are none where the second failed, or nobody tells of looks', () => {
    const failed = { ...said('cat', 0.1), looks: [said('cat', 0.1), { failure: 'UNAVAILABLE' }] };
    expect(tallied(failed, said('dog', 0.5))).toEqual({
      share: 0,
      firstRight: 0.5,
      agreed: null,
      coverage: [{ first: 1, accuracy: 0.5 }],
    });
  });

  it('are not known of no frames', () => {
    expect(tallied()).toEqual({ share: 0, firstRight: 0, agreed: null, coverage: [] });
  });
});
