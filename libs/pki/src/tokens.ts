import { InvalidInput, Unauthenticated } from '@weir/base';
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { privateFolder, replaceFile } from './files.ts';
import { checkSubject, kinds, type Subject } from './subject.ts';

/** What a token's holder gets. */
export interface Grant {
  readonly subject: Subject;
  /** Life of the certificate, days. */
  readonly days: number;
  /** Epoch ms. */
  readonly expiresAt: number;
}

/** What a token says: where to trust, and what proves the right to join. */
export interface Token {
  /** SHA-256 of the authority's certificate, hexadecimal. */
  readonly fingerprint: string;
  readonly id: string;
  readonly secret: string;
}

const prefix = 'weir-join-1';
const pattern = new RegExp(`^${prefix}\\.([0-9a-f]{64})\\.([0-9a-f]{32})\\.([0-9a-f]{64})$`);

export const tokenText = ({ fingerprint, id, secret }: Token): string =>
  [prefix, fingerprint, id, secret].join('.');

/** Throws InvalidInput for a text that is no token. */
export function readToken(text: string): Token {
  const [, fingerprint, id, secret] = pattern.exec(text.trim()) ?? [];
  if (fingerprint === undefined)
    throw new InvalidInput([
      { field: 'token', description: 'is none of weir pki token; copy the whole line' },
    ]);
  return { fingerprint, id: id!, secret: secret! };
}

const stored = z.object({
  secretHash: z.string(),
  subject: z.object({
    kind: z.enum(kinds),
    name: z.string(),
    cell: z.string().optional(),
    dns: z.array(z.string()),
    ip: z.array(z.string()),
  }),
  days: z.number(),
  expiresAt: z.number(),
});

/** The tokens of an authority that nobody has used yet: a file each, which holds no secret but its hash. */
export class Tokens {
  readonly #folder: string;
  readonly #used: string;
  readonly #now: () => number;

  constructor(authorityFolder: string, now: () => number = Date.now) {
    this.#folder = join(authorityFolder, 'tokens');
    this.#used = join(this.#folder, 'used');
    this.#now = now;
    privateFolder(this.#used);
  }

  /** `fingerprint`: of the authority's certificate. */
  create(fingerprint: string, grant: Grant): Token {
    checkSubject(grant.subject);
    this.#forgetExpired();
    const [id, secret] = [randomBytes(16).toString('hex'), randomBytes(32).toString('hex')];
    const content = { secretHash: hash(secret), ...grant };
    replaceFile(join(this.#folder, `${id}.json`), JSON.stringify(content), 0o600);
    return { fingerprint, id, secret };
  }

  /**
   * Strikes the token out and returns what it grants; whoever comes second, even at the same moment, is refused. Throws
   * Unauthenticated for a token that is unknown, used, expired, or has another secret (which leaves it usable).
   */
  redeem(id: string, secret: string): Grant {
    const refused = new Unauthenticated('the token is unknown, used or expired; ask for a new one', {
      reason: 'TOKEN_REFUSED',
    });
    if (!/^[0-9a-f]{32}$/.test(id)) throw refused;
    const path = join(this.#folder, `${id}.json`);
    const grant = read(path);
    if (!grant || !timingSafeEqual(Buffer.from(grant.secretHash, 'hex'), Buffer.from(hash(secret), 'hex')))
      throw refused;
    try {
      // Of two at once the file system lets one rename it.
      renameSync(path, join(this.#used, `${id}.json`));
    } catch {
      throw refused;
    }
    if (grant.expiresAt <= this.#now()) throw refused;
    return grant;
  }

  #forgetExpired(): void {
    for (const folder of [this.#folder, this.#used])
      for (const name of readdirSync(folder)) {
        if (!name.endsWith('.json')) continue;
        const grant = read(join(folder, name));
        if (!grant || grant.expiresAt <= this.#now()) rmSync(join(folder, name), { force: true });
      }
  }
}

const hash = (secret: string): string => createHash('sha256').update(secret).digest('hex');

function read(path: string): (Grant & { secretHash: string }) | undefined {
  try {
    return stored.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}
