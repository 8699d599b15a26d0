import { type DescMessage, type DescMethod, fromBinary, type Message } from '@bufbuild/protobuf';
import { reflect, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import type { Client } from '@grpc/grpc-js';
import { Metadata, type ServiceError, status as codes } from '@grpc/grpc-js';
import { BadRequest, Status } from '@weir/proto';
import type { EventEmitter } from 'node:events';

/** How a call ended. */
export interface Ended {
  /** Name of the gRPC status, also of an answer's own; `HANGS`: not within the time. */
  readonly status: string;
  readonly details: string;
  /** What INVALID_ARGUMENT names. */
  readonly fields: readonly string[];
}

/** Longest time for a call to end, ms: on a machine that does much else too. */
const patienceMs = 30_000;
const same = (bytes: Buffer) => bytes;
const badRequest = 'type.googleapis.com/google.rpc.BadRequest';

/**
 * Sends bytes as the messages of one call, and resolves to every way in which something of it ended: the call itself, and
 * failures that its answers tell. A stream of answers to a single request is left after the first one.
 */
export function callRaw(
  client: Client,
  method: DescMethod,
  messages: readonly Uint8Array[],
): Promise<Ended[]> {
  const path = `/${method.parent.typeName}/${method.name}`;
  const requests = messages.map((bytes) => Buffer.from(bytes));
  const told: Ended[] = [];
  return new Promise((resolve) => {
    const finish = (ended: Ended) => {
      clearTimeout(timer);
      resolve([ended, ...told]);
    };
    const answered = (bytes: Buffer) => told.push(...failuresIn(method.output, bytes));
    const done = (error: ServiceError | null, bytes?: Buffer) => {
      if (bytes) answered(bytes);
      finish(error ? endOf(error) : ok);
    };
    const watch = (call: EventEmitter & { cancel(): void }) => {
      let failure: ServiceError | undefined;
      call.on('error', (error: ServiceError) => (failure = error));
      call.on('status', (status: ServiceError) =>
        finish(status.code === codes.OK ? ok : endOf(failure ?? status)),
      );
      call.on('data', (bytes: Buffer) => {
        answered(bytes);
        if (method.methodKind !== 'server_streaming') return;
        finish(ok);
        call.cancel();
      });
      return call;
    };
    const send = (call: { write(bytes: Buffer): unknown; end(): void }) => {
      for (const request of requests) call.write(request);
      call.end();
    };
    const call = (() => {
      const [first = Buffer.alloc(0)] = requests;
      switch (method.methodKind) {
        case 'unary':
          return client.makeUnaryRequest(path, same, same, first, new Metadata(), done);
        case 'server_streaming':
          return watch(client.makeServerStreamRequest(path, same, same, first));
        case 'client_streaming': {
          const open = client.makeClientStreamRequest(path, same, same, done);
          open.on('error', () => {});
          send(open);
          return open;
        }
        case 'bidi_streaming': {
          const open = client.makeBidiStreamRequest(path, same, same);
          watch(open);
          send(open);
          return open;
        }
      }
    })();
    const timer = setTimeout(() => {
      finish({ status: 'HANGS', details: `no end within ${patienceMs} ms`, fields: [] });
      call.cancel();
    }, patienceMs);
  });
}

const ok: Ended = { status: 'OK', details: '', fields: [] };

function endOf({ code, details, metadata }: ServiceError): Ended {
  const [encoded] = metadata?.get('grpc-status-details-bin') ?? [];
  const status = Buffer.isBuffer(encoded) ? Status.decode(encoded) : { code, message: details, details: [] };
  return { ...named(status), status: codes[code] ?? String(code), details };
}

function named({ code, message, details }: Pick<Status, 'code' | 'message' | 'details'>): Ended {
  const bad = details.find(({ typeUrl }) => typeUrl === badRequest);
  const fields = bad ? BadRequest.decode(bad.value).fieldViolations.map(({ field }) => field) : [];
  return { status: codes[code] ?? String(code), details: message, fields };
}

/** Statuses within an answer: a stream tells the failure of one of its messages in one of its own. */
function failuresIn(type: DescMessage, bytes: Buffer): Ended[] {
  return statusesIn(reflect(type, fromBinary(type, bytes))).map((message) =>
    named(message as unknown as Pick<Status, 'code' | 'message' | 'details'>),
  );
}

function statusesIn(message: ReflectMessage): Message[] {
  if (message.desc.typeName === 'google.rpc.Status') return [message.message];
  return message.fields.flatMap((field) => {
    if (!field.message || !message.isSet(field)) return [];
    if (field.fieldKind === 'message') return statusesIn(message.get(field));
    if (field.fieldKind !== 'list') return [];
    return [...message.get(field)].flatMap((each) => statusesIn(each as ReflectMessage));
  });
}
