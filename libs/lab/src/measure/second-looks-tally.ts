import type { agent } from '@weir/proto';
import { looksOf } from '../frames/looks-of.ts';
import type { LooksResult } from './results.ts';

/** Points of a curve of coverage at most. */
const mostPoints = 25;

/** One frame that a second look answered. */
interface Twice {
  readonly margin: number;
  readonly firstRight: boolean;
  readonly right: boolean;
}

/** Adds up the looks at frames. */
export class SecondLooksTally {
  #frames = 0;
  #firstRight = 0;
  #agreed = 0;
  readonly #twice: Twice[] = [];

  /** `label`: what the picture shows; undefined: nobody knows. */
  add(response: agent.InferResponse, label: string | undefined): void {
    if (label === undefined) return;
    const right = response.classification?.label === label;
    const { first, second, agreed } = looksOf(response);
    const firstRight = first.classification?.label === label;
    this.#frames++;
    if (firstRight) this.#firstRight++;
    if (!second) return;
    if (agreed) this.#agreed++;
    this.#twice.push({ margin: first.classification?.margin ?? 0, firstRight, right });
  }

  result(): LooksResult {
    const n = Math.max(1, this.#frames);
    const again = this.#twice.length;
    return {
      share: again / n,
      firstRight: this.#firstRight / n,
      agreed: again > 0 ? this.#agreed / again : null,
      coverage: this.#coverage(),
    };
  }

  #coverage(): LooksResult['coverage'] {
    const n = this.#frames;
    if (n === 0) return [];
    let rights = this.#firstRight;
    const points = [{ first: 1, accuracy: rights / n }];
    for (const [at, { firstRight, right }] of this.#twice.toSorted((a, b) => a.margin - b.margin).entries()) {
      rights += Number(right) - Number(firstRight);
      points.push({ first: 1 - (at + 1) / n, accuracy: rights / n });
    }
    const every = Math.ceil((points.length - 1) / (mostPoints - 1)) || 1;
    return points.filter((_, at) => at % every === 0 || at === points.length - 1);
  }
}
