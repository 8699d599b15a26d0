import type { ServerResponse } from 'node:http';

/** Most open pages. */
const maxPages = 16;

/** Listening pages (server-sent events). Skips a slow one instead of waiting: each event stands on its own. */
export class EventStream {
  readonly #pages = new Set<ServerResponse>();

  get pages(): number {
    return this.#pages.size;
  }

  get full(): boolean {
    return this.#pages.size >= maxPages;
  }

  /** Takes over a response before its headers are sent. `first`: events for this page alone. */
  add(response: ServerResponse, first: readonly string[]): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    // Have the browser reconnect soon after a restart.
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

/** JSON has no line breaks: one `data` line suffices. */
export const eventOf = (name: string, data: unknown): string =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
