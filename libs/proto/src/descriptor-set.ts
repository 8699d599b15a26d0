import { fileURLToPath } from 'node:url';

/** Path of the compiled descriptors of every contract (a FileDescriptorSet), which server reflection serves. */
export const descriptorSetPath = fileURLToPath(new URL('./gen/descriptor-set.binpb', import.meta.url));
