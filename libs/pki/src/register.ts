import { Internal } from '@weir/base';
import { appendFileSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { kinds } from './subject.ts';

const issued = z.object({
  event: z.literal('issued'),
  serial: z.string(),
  kind: z.enum(kinds),
  name: z.string(),
  cell: z.string().optional(),
  dns: z.array(z.string()),
  ip: z.array(z.string()),
  /** ISO 8601. */
  notBefore: z.string(),
  notAfter: z.string(),
  /** Where its bundle was written; none when the device keeps its own key. */
  folder: z.string().optional(),
});
const revoked = z.object({ event: z.literal('revoked'), serial: z.string(), at: z.string() });
const entry = z.discriminatedUnion('event', [issued, revoked]);

export type Issued = z.output<typeof issued>;
type Entry = z.output<typeof entry>;

/** A certificate that was issued; `revokedAt`: ISO 8601. */
export type Registered = Issued & { readonly revokedAt?: string | undefined };

/** What an authority has issued and revoked: one line of JSON each, only ever appended. */
export class Register {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  add(line: Entry): void {
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`, { mode: 0o600 });
  }

  /** In the order of issuing. Throws Internal for a line that is not of this register. */
  all(): Registered[] {
    const bySerial = new Map<string, Registered>();
    for (const [index, line] of this.#lines().entries()) {
      const parsed = entry.safeParse(jsonOf(line));
      if (!parsed.success) throw new Internal(`${this.#path}: line ${index + 1} is damaged`);
      const { data } = parsed;
      if (data.event === 'issued') bySerial.set(data.serial, data);
      else {
        const known = bySerial.get(data.serial);
        if (known) bySerial.set(data.serial, { ...known, revokedAt: data.at });
      }
    }
    return [...bySerial.values()];
  }

  #lines(): string[] {
    try {
      return readFileSync(this.#path, 'utf8').split('\n').filter(Boolean);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
