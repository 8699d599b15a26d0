import type { ServerResponse } from 'node:http';

/** Most open pages. */
const maxPages = 16;

/** Listening pages (server-sent events), each about one topic. Skips a slow one instead of waiting: each event stands on its own. */
export class EventStream {
  readonly #pages = new Map<ServerResponse, string>();

  /** Topics that a page listens to. */
  get topics(): ReadonlySet<string> {
    return new Set(this.#pages.values());
  }

  get full(): boolean {
    return this.#pages.size >= maxPages;
  }

  /** Takes over a response before its headers are sent. `first`: events for this page alone. */
  add(response: ServerResponse, topic: string, first: readonly string[]): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    // Have the browser reconnect soon after a restart.
    response.write(`retry: 1000\n\n${first.join('')}`);
    this.#pages.set(response, topic);
    response.once('close', () => this.#pages.delete(response));
  }

  send(topic: string, event: string): void {
    for (const [page, about] of this.#pages)
      if (about === topic && !page.writableNeedDrain) page.write(event);
  }

  end(): void {
    for (const page of this.#pages.keys()) page.end();
  }
}

/** JSON has no line breaks: one `data` line suffices. */
export const eventOf = (name: string, data: unknown): string =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
