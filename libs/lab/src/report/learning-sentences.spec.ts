import { describe, expect, it } from 'vitest';
import { learningSentences } from './learning-sentences.ts';
import { fakeResults } from './results.fixture.ts';

describe('learningSentences', () => {
  const sentences = learningSentences(fakeResults()).map((sentence) => sentence.replaceAll('\u00a0', ' '));

  it('tell after how many epochs each learner was there for good, and who was not', () => {
    expect(sentences[0]).toContain('planner after 6 epochs, hybrid after 36 epochs');
    expect(sentences[0]).toContain('dqn not in 600 epochs');
  });

  it('tell what a snapshot saved', () => {
    expect(sentences).toContain(
      'Transfer, planner in B, floor 89: within 5 % of the oracle for good from scratch after 14 epochs and from a snapshot of A, floor 85 after 2 epochs.',
    );
  });

  it('tell how long each event was felt', () => {
    expect(sentences.at(-1)).toMatch(/planner 2 and 4; offload-only 3 and 5; hybrid 14 and never\.$/);
  });
});
