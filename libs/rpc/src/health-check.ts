import {
  type ClientReadableStream,
  type ClientUnaryCall,
  type Metadata,
  type CallOptions,
  type Client,
  makeClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { callUnary, type ClientCallOptions } from './calls.ts';
import type { ClientClass, Connection } from './connection.ts';

/** As grpc.health.v1 says; SERVICE_UNKNOWN only when watching. */
export type ServingStatus = 'UNKNOWN' | 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';

interface HealthClient extends Client {
  check(
    request: { service: string },
    metadata: Metadata,
    options: Partial<CallOptions>,
    callback: (error: ServiceError | null, response: { status: ServingStatus }) => void,
  ): ClientUnaryCall;
  watch(
    request: { service: string },
    metadata?: Metadata,
    options?: Partial<CallOptions>,
  ): ClientReadableStream<{ status: ServingStatus }>;
}

export const HealthClient = makeClientConstructor(
  service,
  'grpc.health.v1.Health',
) as unknown as ClientClass<HealthClient>;

/** Health of a server, or of one of its services; throws NotFound for a service it does not know. */
export async function checkHealth(
  connection: Connection,
  { service = '', ...options }: ClientCallOptions & { service?: string } = {},
): Promise<ServingStatus> {
  const client = connection.client(HealthClient);
  return (await callUnary(client, client.check, { service }, options)).status;
}
