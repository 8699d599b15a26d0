import type { FieldViolation } from '@weir/base';

/** A picture as a data set has it. */
export interface FoundPicture {
  readonly path: string;
  /** In NFC. */
  readonly label: string;
  /** What to call it in an error: its line in a list, or its path. */
  readonly origin: string;
}

/** What a data set holds, and what is wrong with it. */
export interface FoundPictures {
  readonly pictures: readonly FoundPicture[];
  readonly faults: readonly FieldViolation[];
  /** What was passed over, a sentence each. */
  readonly told: readonly string[];
}

export const isPictureName = (name: string) => /\.(png|jpe?g)$/i.test(name);
export const nfc = (text: string) => text.normalize('NFC');
