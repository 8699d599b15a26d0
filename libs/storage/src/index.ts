export {
  cellFenced,
  cellOwnedElsewhere,
  type SitePrior,
  type Store,
  type StoreBackup,
  storeNotWritable,
} from './store.ts';
export { type StoreOptions, openStore } from './sqlite/sqlite-store.ts';
export type { NatsServers } from './nats/connection.ts';
export type { NatsStoreOptions } from './nats/nats-store.ts';
export { openNatsStore, readNatsStore } from './nats/open-nats-store.ts';
export { checkNatsFlags, natsFlags, type NatsFlags, natsServersOf } from './nats/flags.ts';
export { restoreBackup, readBackup, type RestoredCell } from './sqlite/restore.ts';
export { isDamaged } from './sqlite/sealed.ts';
export { storeFile } from './sqlite/store-file.ts';
export { openCopy } from './sqlite/open-copy.ts';
export { type StoreReader, readStore } from './sqlite/read-store.ts';
export { type StoredDevice, memberFromJson, objectiveSchema, outcomeFromJson, storedRow } from './rows.ts';
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
