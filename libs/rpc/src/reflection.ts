import type { Server } from '@grpc/grpc-js';
import { reflection } from '@weir/proto';
import { bidi, type DuplexStream } from './handlers.ts';
import { addReadable } from './readable.ts';

type Request = reflection.ServerReflectionRequest;
type Response = reflection.ServerReflectionResponse;

/** They differ in nothing but their names. */
const versions = ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'];

/** Adds server reflection (v1 and v1alpha) of the given services, of health and of itself, from the compiled contracts. */
export function addReflection(server: Server, services: readonly string[]): void {
  const listed = [...services, 'grpc.health.v1.Health', ...versions];
  const { serverReflectionInfo: method } = reflection.ServerReflectionService;
  const serverReflectionInfo = bidi(async (stream: DuplexStream<Request, Response>) => {
    // Loaded when somebody asks, as hardly anybody does: descriptors cost a process more than much else at its start.
    const { respond } = await import('./reflection-answers.ts');
    for await (const request of stream) await stream.send(respond(request, listed));
  });
  for (const version of versions) {
    const path = `/${version}/ServerReflectionInfo`;
    addReadable(server, { serverReflectionInfo: { ...method, path } }, { serverReflectionInfo });
  }
}
