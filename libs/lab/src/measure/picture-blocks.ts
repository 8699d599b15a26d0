import { mean, proportion } from '@weir/base';
import type { Answer, KnownAccuracy } from '@weir/cell';
import type { PicturesBlock } from './results.ts';
import { SecondLooksTally } from './second-looks-tally.ts';

/** One answered frame. */
export interface PictureAnswer {
  readonly answer: Answer;
  /** What the picture shows. */
  readonly label: string;
  /** Whether the most accurate variant answers it right. */
  readonly bestRight: boolean;
}

/** Groups a cell's frames, in the order in which they are answered, into blocks of `size`. */
export class PictureBlocks {
  readonly #size: number;
  readonly #known: () => KnownAccuracy;
  readonly #blocks: PicturesBlock[] = [];
  #changed = false;
  #answers: PictureAnswer[] = [];
  #failed = 0;

  /** `known`: what the cell knows of its accuracy now. */
  constructor(size: number, known: () => KnownAccuracy) {
    this.#size = size;
    this.#known = known;
  }

  add(answer: PictureAnswer): void {
    this.#answers.push(answer);
    if (this.#answers.length === this.#size) this.#end();
  }

  failed(): void {
    this.#failed++;
  }

  /** From now on pictures are the changed ones; ends a block that has begun. */
  change(): void {
    this.#end();
    this.#changed = true;
  }

  /** Ends the last block. */
  blocks(): readonly PicturesBlock[] {
    this.#end();
    return this.#blocks;
  }

  #end(): void {
    const answers = this.#answers;
    if (answers.length === 0) return;
    const tally = new SecondLooksTally();
    for (const { answer, label } of answers) tally.add(answer.response, label);
    const { share, firstRight } = tally.result();
    this.#blocks.push({
      frames: answers.length,
      failed: this.#failed,
      changed: this.#changed,
      right: proportion(answers.filter(({ answer }) => answer.correct).length, answers.length),
      bestRight: mean(answers.map(({ bestRight }) => Number(bestRight))),
      firstRight,
      promised: mean(answers.map(({ answer }) => answer.response.expectedAccuracy)),
      looks: share,
      meanMs: mean(answers.map(({ answer }) => answer.response.responseMs)),
      known: this.#known(),
    });
    this.#answers = [];
    this.#failed = 0;
  }
}

/**
 * Frames after the change from which on, to the end, answers lose no more against the most accurate variant's than
 * `allowed`; null: never.
 */
export function framesToRecover(blocks: readonly PicturesBlock[], allowed: number): number | null {
  const after = blocks.filter(({ changed }) => changed);
  let before = 0;
  for (const [at, { frames }] of after.entries()) {
    const rest = after.slice(at);
    const lost = rest.reduce(
      (sum, block) => sum + block.frames * (block.bestRight - (block.right.mean ?? 0)),
      0,
    );
    const all = rest.reduce((sum, block) => sum + block.frames, 0);
    if (lost / all <= allowed + 1e-9) return before;
    before += frames;
  }
  return null;
}
