import { health } from '@weir/proto';
import { callUnary, type ClientCallOptions } from './calls.ts';
import type { Connection } from './connection.ts';

/** As grpc.health.v1 says; SERVICE_UNKNOWN only when watching. */
export type ServingStatus = keyof typeof health.HealthCheckResponse_ServingStatus;

/** Health of a server, or of one of its services; throws NotFound for a service it does not know. */
export async function checkHealth(
  connection: Connection,
  { service = '', ...options }: ClientCallOptions & { service?: string } = {},
): Promise<ServingStatus> {
  const client = connection.client(health.HealthClient);
  const { status } = await callUnary(client, client.check, { service }, options);
  return health.healthCheckResponse_ServingStatusToJSON(status) as ServingStatus;
}
