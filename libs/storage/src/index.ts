export { type Store, type StoreOptions, openStore } from './store.ts';
export { openCopy } from './open-copy.ts';
export { type StoreReader, readStore } from './read-store.ts';
export { type StoredDevice, memberFromJson, objectiveSchema, outcomeFromJson, storedRow } from './rows.ts';
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
