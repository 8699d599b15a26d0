import { proportion } from '@weir/base';
import type { Answer, KnownAccuracy } from '@weir/cell';
import { agent } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { PictureBlocks, framesToRecover } from './picture-blocks.ts';
import type { PicturesBlock } from './results.ts';

const nothing: KnownAccuracy = { truths: null, audits: null, correction: null };
/** A frame that shows a coat, answered so, after a first look that said `first`. */
const answerOf = (label: string, first = label): Answer => {
  const classification = { label, classIndex: 0, confidence: 1, margin: 1 };
  const look = (said: string) =>
    agent.Look.fromPartial({ classification: { ...classification, label: said } });
  const response = agent.InferResponse.fromPartial({
    classification,
    expectedAccuracy: 0.9,
    responseMs: 100,
    looks: first === label ? [look(label)] : [look(first), look(label)],
  });
  return { response, correct: label === 'coat', clientMs: 100 };
};
const frame = (answer: Answer, bestRight = true) => ({ answer, label: 'coat', bestRight });

describe('blocks of frames', () => {
  it('tell what was right, promised, looked at twice and known, of so many frames at a time', () => {
    let known = nothing;
    const blocks = new PictureBlocks(2, () => known);
    blocks.add(frame(answerOf('coat', 'shirt')));
    blocks.failed();
    blocks.add(frame(answerOf('shirt'), false));
    known = { ...nothing, correction: { shortfall: 0.02, firsts: [] } };
    blocks.change();
    blocks.add(frame(answerOf('coat')));
    expect(blocks.blocks()).toMatchObject([
      {
        frames: 2,
        failed: 1,
        changed: false,
        right: { mean: 0.5 },
        bestRight: 0.5,
        firstRight: 0,
        promised: 0.9,
        looks: 0.5,
        meanMs: 100,
        known: nothing,
      },
      { frames: 1, failed: 0, changed: true, right: { mean: 1 }, known: { correction: { shortfall: 0.02 } } },
    ]);
  });

  it('end where the pictures change', () => {
    const blocks = new PictureBlocks(10, () => nothing);
    blocks.add(frame(answerOf('coat')));
    blocks.change();
    blocks.add(frame(answerOf('coat')));
    expect(blocks.blocks().map(({ frames, changed }) => [frames, changed])).toEqual([
      [1, false],
      [1, true],
    ]);
  });
});

describe('framesToRecover', () => {
  const block = (lost: number, changed = true) =>
    ({
      frames: 100,
      changed,
      bestRight: 0.85,
      right: proportion(Math.round(85 - 100 * lost), 100),
    }) as PicturesBlock;

  it('counts from the change to where answers lose no more than allowed, up to the end', () => {
    expect(
      framesToRecover([block(0.5, false), block(0.05), block(0.03), block(0.01), block(0.01)], 0.01),
    ).toBe(200);
    expect(framesToRecover([block(0.01), block(0.01)], 0.01)).toBe(0);
  });

  it('never where the last frames lose more', () => {
    expect(framesToRecover([block(0), block(0.05)], 0.01)).toBeNull();
  });
});
