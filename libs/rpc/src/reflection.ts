import type { Server } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer, loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { descriptorSetPath } from '@weir/proto';
import { protoPath as healthProtoPath } from 'grpc-health-check';
import { readFileSync } from 'node:fs';

const healthService = 'grpc.health.v1.Health';

/** Adds server reflection (v1 and v1alpha) of the given services and of health, from the compiled contracts. */
export function addReflection(server: Server, services: readonly string[]): void {
  const contracts = {
    ...loadSync(healthProtoPath),
    ...loadFileDescriptorSetFromBuffer(readFileSync(descriptorSetPath)),
  };
  new ReflectionService(contracts, { services: [...services, healthService] }).addToServer(server);
}
