import { createFileRegistry, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { readFileSync } from 'node:fs';

let read: FileRegistry | undefined;

/** Descriptors of every contract, of health and of reflection; read from the compiled contracts when first asked for. */
export function contracts(): FileRegistry {
  const path = new URL('./gen/descriptor-set.binpb', import.meta.url);
  return (read ??= createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(path))));
}
