import type { ServerResponse } from 'node:http';

/** Most pages at once. */
const maxPages = 16;

/** Pages that listen (server-sent events). A slow one is skipped over, not waited for: each event stands by itself. */
export class EventStream {
  readonly #pages = new Set<ServerResponse>();

  get pages(): number {
    return this.#pages.size;
  }

  get full(): boolean {
    return this.#pages.size >= maxPages;
  }

  /** Takes over a response whose headers are not sent yet. `first`: events for this page alone. */
  add(response: ServerResponse, first: readonly string[]): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    // Until it is back a page shall ask again soon.
    response.write(`retry: 1000\n\n${first.join('')}`);
    this.#pages.add(response);
    response.once('close', () => this.#pages.delete(response));
  }

  send(event: string): void {
    for (const page of this.#pages) if (!page.writableNeedDrain) page.write(event);
  }

  end(): void {
    for (const page of this.#pages) page.end();
  }
}

/** JSON holds no line breaks: one `data` line is the whole of it. */
export const eventOf = (name: string, data: unknown): string =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
