/** A change of a simulated cell before a given interaction. */
export type DriftEvent = { readonly atInteraction: number } & (
  | { readonly kind: 'link'; readonly device: number; readonly weak: boolean }
  /** Unreported requests of others at a remote node, in addition to the visible load. */
  | { readonly kind: 'hidden-load'; readonly node: string; readonly requests: number }
  /** Slowness of a device: 2 is half the speed. */
  | { readonly kind: 'device-speed'; readonly device: number; readonly slowness: number }
  | { readonly kind: 'node'; readonly node: string; readonly present: boolean }
);
