import type { AccuracyCorrection } from '@weir/domain';

/** Halvings in search of the largest part. */
const halvings = 12;

/** The largest part of a correction that `attains`; undefined when not even a small one does. */
export function asFarAs(
  attains: (correction: AccuracyCorrection) => boolean,
  correction: AccuracyCorrection,
): AccuracyCorrection | undefined {
  if (attains(correction)) return correction;
  let [least, most] = [0, 1];
  for (let turn = 0; turn < halvings; turn++) {
    const part = (least + most) / 2;
    if (attains(partOf(correction, part))) least = part;
    else most = part;
  }
  return least > 0 ? partOf(correction, least) : undefined;
}

const partOf = ({ shortfall, firsts }: AccuracyCorrection, part: number): AccuracyCorrection => ({
  shortfall: part * shortfall,
  firsts: firsts.map(({ variant, loss, share }) => ({ variant, loss: 1 + part * (loss - 1), share })),
});
