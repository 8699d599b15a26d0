export { type Store, type StoreOptions, openStore } from './store.ts';
export type { StoreBackup } from './backup.ts';
export { restoreBackup, readBackup, type RestoredCell } from './restore.ts';
export { storeFile } from './store-file.ts';
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
  CellSize,
  JournalEntry,
  NewVersion,
  StoredCell,
  StoredMember,
  StoredSnapshot,
  StoredVersion,
} from './experience.ts';
