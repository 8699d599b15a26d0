export { type Store, type StoreOptions, openStore } from './store.ts';
export { storeNotWritable } from './not-writable.ts';
export { type StoreLimits, defaultLimits } from './limits.ts';
export type {
  Appended,
  Batch,
  BatchRecord,
  CellChange,
  JournalEntry,
  StoredCell,
  StoredMember,
  StoredSnapshot,
} from './experience.ts';
