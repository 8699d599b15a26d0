/**
 * Streams pictures to a DeviceAgent and prints each answer as a line of JSON. What the agent refuses for now, and what was
 * on a stream that broke, is sent again; Ctrl-C cancels. Usage: node client.ts HOST:PORT PICTURE...
 * Needs: npm install @connectrpc/connect @connectrpc/connect-node @bufbuild/protobuf, and the contracts (buf.gen.yaml).
 */
import { create, fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { durationMs } from '@bufbuild/protobuf/wkt';
import { type Client, Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { RetryInfoSchema } from './gen/google/rpc/error_details_pb.js';
import type { Status } from './gen/google/rpc/status_pb.js';
import {
  DeviceAgent,
  type InferRequest,
  InferRequestSchema,
  type InferResponse,
  Reason,
  type StreamInferRequestSchema,
} from './gen/weir/agent/v1/agent_pb.js';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { traceparent: { type: 'string', default: '' }, within: { type: 'string', default: '60' } },
});
const [address, ...pictures] = positionals;
if (!address || pictures.length === 0) {
  console.error('usage: node client.ts [--traceparent T] [--within SECONDS] HOST:PORT PICTURE...');
  process.exit(64);
}
const until = performance.now() + Number(values.within) * 1_000;
const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());

// With TLS: https, and nodeOptions: { ca: await readFile('ca.pem') }.
const transport = createGrpcTransport({ baseUrl: `http://${address}` });
const agent = createClient(DeviceAgent, transport);
const left = new Map<string, InferRequest>();
for (const picture of pictures) {
  const requestId = basename(picture);
  const encodedImage = await readFile(picture);
  const request = {
    requestId,
    input: { content: { case: 'encodedImage' as const, value: encodedImage } },
    timeoutMs: 5_000,
    trace: { traceparent: values.traceparent },
  };
  left.set(requestId, create(InferRequestSchema, request));
}

for (let backoffMs = 100; ; backoffMs = Math.min(2 * backoffMs, 2_000)) {
  const before = left.size;
  const waitMs = await round(agent);
  if (left.size === 0) break;
  if (left.size < before) backoffMs = 100;
  const leastMs = backoffMs * (0.5 + Math.random() / 2);
  await sleep(Math.max(waitMs, leastMs), undefined, { signal: interrupted.signal });
}

/** Sends what is left over one stream, takes away what is answered for good, and gives how long the agent asks to wait, ms. */
async function round(client: Client<typeof DeviceAgent>): Promise<number> {
  let waitMs = 0;
  // The deadline, or the signal, ends the call, and with it whatever of it still runs.
  const options = { timeoutMs: until - performance.now(), signal: interrupted.signal };
  try {
    for await (const { message } of client.streamInfer(frames([...left.values()]), options)) {
      if (message.case === 'failure') {
        const { requestId, status } = message.value;
        const afterMs = retryAfterMs(status);
        if (afterMs === undefined) {
          left.delete(requestId);
          console.log(JSON.stringify({ picture: requestId, failure: status?.message, code: status?.code }));
        } else waitMs = Math.max(waitMs, afterMs);
      } else if (message.case === 'result') {
        left.delete(message.value.requestId);
        console.log(JSON.stringify(answered(message.value)));
      }
    }
  } catch (error) {
    // Only a connection that is gone, or a server that goes, is worth another stream.
    if (ConnectError.from(error).code !== Code.Unavailable) throw error;
  }
  return waitMs;
}

/** Is asked for the next one only when the agent has room. */
async function* frames(
  requests: InferRequest[],
): AsyncGenerator<MessageInitShape<typeof StreamInferRequestSchema>> {
  for (const value of requests) yield { message: { case: 'infer', value } };
}

/** When the same frame may do better, as far as the agent knows, ms; undefined when it will not. */
function retryAfterMs(status: Status | undefined): number | undefined {
  if (status?.code !== Code.Unavailable && status?.code !== Code.ResourceExhausted) return undefined;
  const info = status.details.find(({ typeUrl }) => typeUrl.endsWith('/google.rpc.RetryInfo'));
  const { retryDelay } = info ? fromBinary(RetryInfoSchema, info.value) : {};
  return retryDelay ? durationMs(retryDelay) : 0;
}

function answered(result: InferResponse) {
  const { requestId, classification, placement, decision, responseMs, trace } = result;
  return {
    picture: requestId,
    label: classification?.label,
    confidence: classification?.confidence,
    placement: `${placement?.nodeId} ${placement?.variant}`,
    reason: `REASON_${Reason[decision?.reason ?? Reason.UNSPECIFIED]}`,
    responseMs,
    traceparent: trace?.traceparent,
  };
}
