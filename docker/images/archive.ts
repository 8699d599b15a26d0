import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import type { Entry } from './layer.ts';

/** What a tar archive holds, by paths without a leading `./`. Hard links become copies. */
export async function entriesOf(tar: Buffer): Promise<Entry[]> {
  const unpacked = extract();
  Readable.from([tar]).pipe(unpacked);
  const entries: Entry[] = [];
  for await (const entry of unpacked) {
    const { name, type, mode, linkname } = entry.header;
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    const path = tidy(name);
    if (path === '') continue;
    if (type === 'file') entries.push({ path, content: Buffer.concat(chunks), mode });
    else if (type === 'directory') entries.push({ path, content: 'folder', mode });
    else if (type === 'symlink') entries.push({ path, content: { link: linkname } });
    else if (type === 'link')
      entries.push({ ...entries.find((each) => each.path === tidy(linkname))!, path });
  }
  return entries;
}

const tidy = (name: string) => name.replace(/^(\.?\/)+/, '').replace(/\/$/, '');
