/** The order of names everywhere in a cell, so that nothing depends on who came first. */
export const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
