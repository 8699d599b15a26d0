import { durationMs, Exit, hostPort, sleep, splitHostPort, systemClock, WeirError } from '@weir/base';
import { checkHealth, connect, type Security } from '@weir/rpc';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { defineCommand } from '../command.ts';
import { jsonFlag, securityFlags, securityOf } from '../operate/flags.ts';

const name = 'weir health';
/** Time for the answer, ms: less than health checks of containers and units wait. */
const timeoutMs = 3_000;
/** Between two questions while waiting, ms. */
const pauseMs = 200;

/**
 * What health checks of containers and units run. It takes the service's own configuration, environment and file included,
 * and asks the process that serves there: its address is this machine's, so that its certificate need not name it.
 */
export default defineCommand({
  name,
  summary: 'Whether a service on this machine serves: exits with 0 when it does, with 1 otherwise.',
  sharesFile: true,
  schema: z.object({
    listen: hostPort().describe('Where the service serves, as it was told: 0.0.0.0 is asked on loopback.'),
    waitMs: durationMs().min(0).default(0).describe('How long to wait until it serves, ms.'),
    page: z.boolean().default(false).describe('The service is a console: ask for its page.'),
    agent: z
      .boolean()
      .default(false)
      .describe('The service is a device agent: what counts are its --listen-tls files.'),
    listenTlsCert: z
      .string()
      .optional()
      .describe('What an agent or a page serves with, PEM file; without it: plain.'),
    listenTlsKey: z.string().optional().describe('Private key of that certificate, PEM file.'),
    ...securityFlags,
    json: jsonFlag,
  }),
  examples: ['weir health --config /etc/weir/inference-worker.yaml', 'weir health --listen 127.0.0.1:7000'],
  async run({ listen, page, agent, waitMs, listenTlsCert, listenTlsKey, ...config }, { signal, out, print }) {
    const address = onThisMachine(listen);
    // An agent has two sides: its other files are for the services that it calls.
    const security = agent
      ? { tls: { cert: listenTlsCert, key: listenTlsKey }, allowPlaintext: config.allowPlaintext }
      : securityOf(config);
    const ask = () =>
      page
        ? pageStatus(listen, { https: listenTlsCert !== undefined, signal })
        : serviceStatus(address, security, signal);
    const until = systemClock.now() + waitMs;
    let status = await ask();
    while (status !== 'SERVING' && systemClock.now() < until) {
      await sleep(pauseMs, { signal });
      status = await ask();
    }
    if (status !== 'SERVING') signal.throwIfAborted();
    out({ address, status });
    print(`${address}: ${status}`);
    return status === 'SERVING' ? Exit.done : Exit.failed;
  },
});

/** `0.0.0.0:7200` → `127.0.0.1:7200`. */
export function onThisMachine(listen: string): string {
  const { host, port } = splitHostPort(listen);
  if (host === '0.0.0.0') return `127.0.0.1:${port}`;
  return host === '::' ? `[::1]:${port}` : listen;
}

async function serviceStatus(address: string, security: Security, signal: AbortSignal): Promise<string> {
  await using connection = await asUsage(name, '--listen', async () =>
    connect(address, { ...security, checkPeer: false }),
  );
  return await checkHealth(connection, { timeoutMs, signal }).catch(unavailable);
}

/**
 * Under the name that it was given, as it answers to no other. A page that asks who is there serves, whether it asks by a
 * form or by an alert of TLS.
 */
const pageStatus = (listen: string, { https, signal }: { https: boolean; signal: AbortSignal }) =>
  new Promise<string>((resolve) => {
    const { host, port } = splitHostPort(onThisMachine(listen));
    const within = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const options = { host, port, headers: { host: listen }, signal: within };
    const answered = ({ statusCode = 0 }: IncomingMessage) =>
      resolve([200, 401].includes(statusCode) ? 'SERVING' : `HTTP ${statusCode}`);
    const request = https
      ? httpsGet({ ...options, rejectUnauthorized: false }, answered)
      : httpGet(options, answered);
    request.on('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code?.startsWith('ERR_SSL_') ? 'SERVING' : 'UNAVAILABLE'),
    );
  });

/** No answer is an answer here. */
function unavailable(error: unknown): string {
  if (error instanceof WeirError) return error.status;
  throw error;
}
