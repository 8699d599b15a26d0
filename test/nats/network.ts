import {
  type CutMode,
  forkLinkEmulator,
  type LinkEmulator,
  type LinkStats,
  type RemoteLink,
} from '@weir/link';

/** Machines by name, each of which dials others over links of its own. All in one process apart. */
export class Network implements AsyncDisposable {
  readonly #emulator: LinkEmulator;
  readonly #links: { readonly ends: readonly [string, string]; readonly link: RemoteLink }[] = [];

  private constructor(emulator: LinkEmulator) {
    this.#emulator = emulator;
  }

  static async open(): Promise<Network> {
    return new Network(await forkLinkEmulator());
  }

  /** Resolves to the HOST:PORT where `from` reaches the `target` (HOST:PORT) on machine `to`. */
  async dial(from: string, to: string, target: string): Promise<string> {
    const link = await this.#emulator.startLink({ target });
    this.#links.push({ ends: [from, to], link });
    return link.address;
  }

  /** Cuts all links between the two, whoever dials. */
  async cut(a: string, b: string, mode: CutMode): Promise<void> {
    const between = this.#links.filter(({ ends }) => ends.includes(a) && ends.includes(b));
    await Promise.all(between.map(({ link }) => link.cut(mode)));
  }

  async mend(): Promise<void> {
    await Promise.all(this.#links.map(({ link }) => link.restore()));
  }

  /** Of the links over which `from` dials `to`. */
  async stats(from: string, to: string): Promise<readonly LinkStats[]> {
    const dialled = this.#links.filter(({ ends }) => ends[0] === from && ends[1] === to);
    return Promise.all(dialled.map(({ link }) => link.stats()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#emulator[Symbol.asyncDispose]();
  }
}
