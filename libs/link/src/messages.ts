import type { LinkChange, LinkOptions, LinkStats } from './link.ts';
import type { CutMode } from './relay.ts';

/** Requests to the emulator process over Node's IPC (structured clone, which keeps Infinity). */
export type EmulatorRequest = { readonly id: number } & (
  | { readonly op: 'add'; readonly options: Omit<LinkOptions, 'clock'> }
  | { readonly op: 'set'; readonly link: number; readonly change: LinkChange }
  | { readonly op: 'cut'; readonly link: number; readonly mode: CutMode }
  | { readonly op: 'restore' | 'stats' | 'remove'; readonly link: number }
);

/** A request without its id. */
export type EmulatorCommand = EmulatorRequest extends infer R
  ? R extends EmulatorRequest
    ? Omit<R, 'id'>
    : never
  : never;

export type EmulatorReply = { readonly id: number } & (
  | { readonly result: AddedLink | LinkStats | null }
  | { readonly error: string; readonly violations?: readonly { field: string; description: string }[] }
);

export interface AddedLink {
  readonly link: number;
  readonly address: string;
}
