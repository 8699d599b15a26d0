import { NotFound } from '@weir/base';
import type { LookCurves, Variant } from '@weir/domain';

/** Models as a cell in virtual time knows them. */
export interface SimulatedFamily {
  readonly variants: readonly Variant[];
  /** What second looks buy; absent: not known. */
  readonly looks?: LookCurves | undefined;
}

/**
 * The paper's eight variants: MobileNetV1 at 224², million MACs and ImageNet top-5 accuracy as published with the
 * checkpoints (FP32). The accuracies published for the quantised checkpoints differ between sources (88.9–89.5,
 * 87.0–88.1, 83.2–84.5, 72.8–73.8); used here are the lower ones, with which INT8 saves least.
 */
export const paperFamily: readonly Variant[] = [
  variant('1.00', 569e6, 'fp32', 0.899),
  variant('0.75', 317e6, 'fp32', 0.882),
  variant('0.50', 150e6, 'fp32', 0.849),
  variant('0.25', 41e6, 'fp32', 0.742),
  variant('1.00', 569e6, 'int8', 0.889),
  variant('0.75', 317e6, 'int8', 0.87),
  variant('0.50', 150e6, 'int8', 0.832),
  variant('0.25', 41e6, 'int8', 0.728),
];

function variant(width: string, macs: number, precision: 'fp32' | 'int8', accuracy: number): Variant {
  return { name: `mobilenet-v1-${width}-${precision}`, macs, precision, accuracy };
}

/** The paper's floors: none, 80, 85, 89 % and the best possible. */
export const paperFloors: readonly number[] = [0, 0.8, 0.85, 0.89, 0.899];

/**
 * Another family's accuracies and curves under the sizes of the paper's variants of the same names, from which profiles
 * know their times. Throws NotFound for a family of other variants.
 */
export const withPaperSizes = ({
  variants,
  looks,
}: {
  readonly variants: readonly Pick<Variant, 'name' | 'accuracy'>[];
  readonly looks?: LookCurves | undefined;
}): SimulatedFamily => ({
  variants: variants.map(({ name, accuracy }) => {
    const paper = paperFamily.find((each) => each.name === name);
    if (!paper) throw new NotFound(`the paper's setting has no variant ${name}`);
    return { ...paper, accuracy };
  }),
  looks,
});
