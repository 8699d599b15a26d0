/**
 * Messages per second over one bidi stream on loopback, client and server in this one process: through this library,
 * and through bare grpc-js as its ceiling. `npx node libs/rpc/echo-rate.ts [MESSAGES]`
 */
import {
  credentials,
  Metadata,
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
} from '@grpc/grpc-js';
import { EchoClient, EchoService, ping, startEcho } from './src/echo.fixture.ts';
import { openDuplex } from './src/calls.ts';

type Ping = ReturnType<typeof ping>;
const messages = Number(process.argv[2] ?? 50_000);
const message = ping(1, Buffer.alloc(200));

async function throughLibrary(): Promise<void> {
  await using echo = await startEcho();
  const stream = openDuplex(echo.client, echo.client.both);
  const sending = (async () => {
    for (let i = 0; i < messages; i++) await stream.send(message);
    stream.end();
  })();
  let received = 0;
  for await (const _ of stream) received++;
  await sending;
  if (received !== messages) throw new Error(`${received} of ${messages} came back`);
}

async function bare(): Promise<void> {
  const server = new Server();
  const unused = (_call: unknown, callback: sendUnaryData<Ping>) => callback(null, message);
  server.addService(EchoService, {
    one: unused,
    up: unused,
    down: () => {},
    both(call: ServerDuplexStream<Ping, Ping>) {
      call.on('data', (data: Ping) => {
        if (!call.write(data)) {
          call.pause();
          call.once('drain', () => call.resume());
        }
      });
      call.on('end', () => call.end());
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  const client = new EchoClient(`127.0.0.1:${port}`, credentials.createInsecure());
  const call = client.both(new Metadata());
  let received = 0;
  call.on('data', () => received++);
  const ended = new Promise((resolve) => call.on('end', resolve));
  for (let i = 0; i < messages; i++)
    if (!call.write(message)) await new Promise((resolve) => call.once('drain', resolve));
  call.end();
  await ended;
  if (received !== messages) throw new Error(`${received} of ${messages} came back`);
  client.close();
  server.forceShutdown();
}

const rates = { library: [] as number[], bare: [] as number[] };
for (let round = 0; round < 3; round++) {
  for (const [name, run] of [
    ['library', throughLibrary],
    ['bare', bare],
  ] as const) {
    const startedAt = performance.now();
    await run();
    rates[name].push(Math.round(messages / ((performance.now() - startedAt) / 1000)));
  }
}
console.log(JSON.stringify({ messages, echoesPerSecond: rates }));
