import { isDeepStrictEqual } from 'node:util';
import { readTlsFiles, type TlsContents, type TlsFiles } from './files.ts';

/** Time between two looks at the files, ms: changes count after this at the latest. */
const lookMs = 5_000;

/** Something happened to the files of this process's certificates. */
export type MaterialEvent =
  | { readonly kind: 'loaded'; readonly files: TlsFiles; readonly contents: TlsContents }
  | { readonly kind: 'reloaded'; readonly files: TlsFiles; readonly contents: TlsContents }
  /** What is there cannot be used, e.g. a new certificate beside the old key: what was read before stays. */
  | { readonly kind: 'kept'; readonly files: TlsFiles; readonly error: Error }
  | { readonly kind: 'released'; readonly files: TlsFiles };

/** The contents of TLS files as they are now. Whoever leases them looks at `current` when it opens a connection. */
export interface MaterialLease extends Disposable {
  readonly current: TlsContents;
  /** Calls back after each change. */
  onChange(listener: (contents: TlsContents, before: TlsContents) => void): void;
  /** Calls back whenever somebody has the files read again, changed or not. */
  onReload(listener: () => void): void;
}

/** Files are watched once a process, however many connections and servers use them. */
const watched = new Map<string, WatchedMaterial>();
const listeners = new Set<(event: MaterialEvent) => void>();

/** Throws InvalidInput as `readTlsFiles` does; the files must be good at first. */
export function leaseMaterial(files: TlsFiles, { needsCertificate = false } = {}): MaterialLease {
  const key = JSON.stringify([files.cert, files.key, files.ca, files.crl]);
  let material = watched.get(key);
  if (!material || needsCertificate) readTlsFiles(files, { needsCertificate });
  if (!material) {
    material = new WatchedMaterial(files, () => watched.delete(key));
    watched.set(key, material);
  }
  return material.lease();
}

/** Reads all files again, now. A process does so by itself every 5 s, and on SIGHUP while it serves. */
export function reloadMaterial(): void {
  for (const material of watched.values()) material.reload();
}

/** Hears of all files of this process, of those in use already at once. The returned function ends it. */
export function onMaterial(listener: (event: MaterialEvent) => void): () => void {
  listeners.add(listener);
  for (const { files, contents } of watched.values()) listener({ kind: 'loaded', files, contents });
  return () => void listeners.delete(listener);
}

const tell = (event: MaterialEvent) => listeners.forEach((listener) => listener(event));

interface Listeners {
  readonly change: Set<(contents: TlsContents, before: TlsContents) => void>;
  readonly reload: Set<() => void>;
}

class WatchedMaterial {
  readonly files: TlsFiles;
  contents: TlsContents;
  readonly #onUnused: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #leases = new Set<Listeners>();
  /** The last fault told of, so that it is told once. */
  #told = '';

  constructor(files: TlsFiles, onUnused: () => void) {
    this.files = files;
    this.contents = readTlsFiles(files);
    this.#onUnused = onUnused;
    this.#timer = setInterval(() => this.look(), lookMs).unref();
    tell({ kind: 'loaded', files, contents: this.contents });
  }

  lease(): MaterialLease {
    const listeners: Listeners = { change: new Set(), reload: new Set() };
    this.#leases.add(listeners);
    const now = () => this.contents;
    return {
      get current() {
        return now();
      },
      onChange: (listener) => void listeners.change.add(listener),
      onReload: (listener) => void listeners.reload.add(listener),
      [Symbol.dispose]: () => {
        if (!this.#leases.delete(listeners) || this.#leases.size > 0) return;
        clearInterval(this.#timer);
        this.#onUnused();
        tell({ kind: 'released', files: this.files });
      },
    };
  }

  look(): void {
    let contents: TlsContents;
    try {
      contents = readTlsFiles(this.files);
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#told) tell({ kind: 'kept', files: this.files, error: error as Error });
      this.#told = message;
      return;
    }
    this.#told = '';
    if (isDeepStrictEqual(contents, this.contents)) return;
    const before = this.contents;
    this.contents = contents;
    tell({ kind: 'reloaded', files: this.files, contents });
    for (const { change } of this.#leases) for (const listener of change) listener(contents, before);
  }

  reload(): void {
    this.look();
    for (const { reload } of this.#leases) for (const listener of reload) listener();
  }
}
