/** Name of a message's field as in the contract: accuracyFloor is accuracy_floor. */
export const fieldName = (key: string): string =>
  key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
