import { InvalidInput, NotFound } from '@weir/base';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

/**
 * The text of a UTF-8 file, without its byte order mark. `what`: what it should be, for errors; `field`: at fault.
 * @throws NotFound when it cannot be read, InvalidInput for another encoding
 */
export async function readText(
  file: string,
  { field, what }: { field: string; what: string },
): Promise<string> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new NotFound(`there is no ${what} at ${file} (${(cause as Error).message})`, { cause });
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new InvalidInput(
      [{ field, description: `${basename(file)} is no ${what}: it is not UTF-8 text` }],
      { cause },
    );
  }
}
