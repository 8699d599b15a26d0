import { DatabaseSync } from 'node:sqlite';
import { lookFingerprint, outcomeFingerprint } from './fingerprint.ts';
import type { JournalRow } from './history.ts';

type Stored = { readonly deviceId: string } & Parameters<typeof outcomeFingerprint>[1];

/** Every outcome in the file of a PolicyService that has ended, in its order; read as SQLite reads it. */
export function readJournal(path: string): readonly JournalRow[] {
  using database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare('select outcome from experience order by position').all() as {
    outcome: string;
  }[];
  return rows.map(({ outcome: text }) => {
    // A checksum follows a tab.
    const stored = JSON.parse(text.split('\t', 1)[0]!) as Stored;
    const { deviceId, hops } = stored;
    return { look: lookFingerprint(deviceId, hops), outcome: outcomeFingerprint(deviceId, stored) };
  });
}
