import type { common } from '@weir/proto';

/** How sure an answer is. A model that is no classifier hesitates nowhere: nobody looks again. */
interface Answer {
  readonly classification?: common.Classification | undefined;
}

/** Top-1 minus top-2 probability, 0..1. */
export const marginOf = ({ classification }: Answer): number => classification?.margin ?? 1;

/** Probability of the answer, 0..1. */
export const confidenceOf = ({ classification }: Answer): number => classification?.confidence ?? 1;
