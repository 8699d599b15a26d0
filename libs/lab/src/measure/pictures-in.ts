import { InvalidInput } from '@weir/base';
import type { Picture, Sample } from '@weir/cell';

/** For what needs pictures and their labels. Throws InvalidInput for tensors, whose right answers nobody knows. */
export function picturesIn(samples: readonly Sample[]): readonly Picture[] {
  const pictures = samples.filter((sample) => 'image' in sample);
  if (pictures.length === samples.length) return pictures;
  throw new InvalidInput([
    {
      field: 'models',
      description:
        'are no classifiers: this needs labelled pictures. Give a family of classifiers, or other learners',
    },
  ]);
}
