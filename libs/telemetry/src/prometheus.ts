import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { Attributes } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MetricReader, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { splitHostPort, Unavailable } from '@weir/base';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Attributes of the process that every series carries as labels, so that queries need no join. */
const processLabels = /^(service_name|weir_cell_id|weir_node_id)$/;
/** Most connections at once; Prometheus needs one. */
const maxConnections = 16;

/** Collects on demand. */
class PullReader extends MetricReader {
  readonly #server: Server;

  constructor(server: Server) {
    super();
    this.#server = server;
  }

  protected async onForceFlush(): Promise<void> {}

  protected async onShutdown(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

/**
 * Serves `GET /metrics` in Prometheus's text format. Replaces the exporter's own server, which leaves out the units that
 * Prometheus's naming convention requires. Throws Unavailable when the address is taken.
 */
export async function servePrometheus(listen: string): Promise<{ address: string; reader: MetricReader }> {
  const serializer = new PrometheusSerializer(undefined, false, processLabels, false, true);
  const server = createServer((request, response) => {
    if (request.url?.split('?')[0] !== '/metrics') return answer(response, 404, 'not found: see /metrics\n');
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'GET only\n');
    reader.collect().then(
      ({ resourceMetrics }) => answer(response, 200, serializer.serialize(forPrometheus(resourceMetrics))),
      () => answer(response, 500, 'the metrics could not be collected\n'),
    );
  });
  server.maxConnections = maxConnections;
  const reader = new PullReader(server);
  server.listen(splitHostPort(listen));
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new Unavailable(`cannot serve metrics on ${listen}`, { cause });
  }
  // Serving metrics must not keep the process alive.
  server.unref();
  return { address: listen.replace(/\d+$/, String((server.address() as AddressInfo).port)), reader };
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(body);
}

/** Source: OpenTelemetry, "Prometheus and OpenMetrics compatibility", units. */
const unitNames: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes', J: 'joules', '1': 'ratio' };

/**
 * Prometheus's names: of metrics with the unit at the end (the serializer adds `_total` to counters), of the resource's
 * attributes such as no scrape fails for.
 */
function forPrometheus(metrics: ResourceMetrics): ResourceMetrics {
  return {
    ...metrics,
    resource: resourceFromAttributes(labelsOf(metrics.resource.attributes)),
    scopeMetrics: metrics.scopeMetrics.map((scope) => ({
      ...scope,
      metrics: scope.metrics.map((metric) => {
        const unit = unitNames[metric.descriptor.unit];
        const name = unit ? `${metric.descriptor.name}.${unit}` : metric.descriptor.name;
        // Units in braces are annotations, not units.
        return { ...metric, descriptor: { ...metric.descriptor, name, unit: unit ?? '' } };
      }),
    })),
  };
}

/**
 * Attributes as labels: unusual characters are underscores, no name begins with a digit or as Prometheus' own, and the values of
 * names that become the same are joined by `;`. Source: OpenTelemetry, "Prometheus and OpenMetrics compatibility".
 */
export function labelsOf(attributes: Attributes): Record<string, string> {
  const named = new Map<string, string[]>();
  for (const name of Object.keys(attributes)) {
    const label = name
      .replace(/[^a-zA-Z0-9_]+/g, '_')
      .replace(/_+/g, '_')
      .replace(/^(?=\d)/, '_');
    named.set(label, [...(named.get(label) ?? []), name]);
  }
  const textOf = (name: string) => {
    const value = attributes[name];
    return typeof value === 'string' ? value : JSON.stringify(value);
  };
  return Object.fromEntries(
    Array.from(named, ([label, names]) => [label, names.toSorted().map(textOf).join(';')]),
  );
}
