import type { agent } from '@weir/proto';

/** What became of a frame, look by look. */
export interface Looks {
  readonly first: Pick<agent.Look, 'placement' | 'classification'>;
  /** Of the second look that answered; undefined: none did. */
  readonly second: agent.InferResponse['classification'];
  /** Whether the second said the same, false where it failed; null: none was tried. */
  readonly agreed: boolean | null;
}

export function looksOf({ looks, classification, placement }: agent.InferResponse): Looks {
  // An agent that tells of no looks looked once.
  const [first = { placement, classification }, ...others] = looks;
  const second = others.findLast((look) => look.classification)?.classification;
  const agreed = second !== undefined && second.label === first.classification?.label;
  return { first, second, agreed: others.length > 0 ? agreed : null };
}
