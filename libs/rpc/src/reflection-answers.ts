import { type AnyDesc, type DescFile, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { InvalidInput, NotFound } from '@weir/base';
import type { reflection } from '@weir/proto';
import { contracts } from '@weir/proto/contracts';
import { toStatus } from './status.ts';

type Request = reflection.ServerReflectionRequest;
type Response = reflection.ServerReflectionResponse;
type Answer = NonNullable<Response['messageResponse']>;

/** What reflection says to a question about services of these names; one that has no answer does not end the stream. */
export function respond(request: Request, listed: readonly string[]): Response {
  const response = { validHost: request.host, originalRequest: request };
  try {
    return { ...response, messageResponse: answer(request, listed) };
  } catch (error) {
    const { code: errorCode, message: errorMessage } = toStatus(error);
    return { ...response, messageResponse: { $case: 'errorResponse', value: { errorCode, errorMessage } } };
  }
}

function answer({ messageRequest: asked }: Request, listed: readonly string[]): Answer {
  switch (asked?.$case) {
    case 'listServices':
      return { $case: 'listServicesResponse', value: { service: listed.map((name) => ({ name })) } };
    case 'fileByFilename':
      return filesFrom(
        found(
          [...contracts().files].find(({ proto }) => proto.name === asked.value),
          asked.value,
        ),
      );
    case 'fileContainingSymbol':
      return filesFrom(found(fileOf(asked.value), asked.value));
    case 'fileContainingExtension':
      throw new NotFound(`${asked.value.containingType} has no extensions`);
    case 'allExtensionNumbersOfType': {
      const { typeName: baseTypeName } = found(contracts().getMessage(asked.value), asked.value);
      return { $case: 'allExtensionNumbersResponse', value: { baseTypeName, extensionNumber: [] } };
    }
    case undefined:
      throw new InvalidInput([{ field: 'message_request', description: 'expected a question' }]);
  }
}

/** The file and all that it imports, as the compiler wrote them: what a strict descriptor pool needs. */
function filesFrom(file: DescFile): Answer {
  const files = new Set([file]);
  // Grows while it is walked.
  for (const { dependencies } of files) for (const each of dependencies) files.add(each);
  const fileDescriptorProto = [...files].map(({ proto }) =>
    Buffer.from(toBinary(FileDescriptorProtoSchema, proto)),
  );
  return { $case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
}

/** Of a type or a service, or of a member of one: a method, field, oneof or enum value. */
function fileOf(symbol: string): DescFile | undefined {
  const type = contracts().get(symbol);
  if (type) return type.file;
  const dot = symbol.lastIndexOf('.');
  const owner = dot > 0 ? contracts().get(symbol.slice(0, dot)) : undefined;
  return owner && membersOf(owner).includes(symbol.slice(dot + 1)) ? owner.file : undefined;
}

function membersOf(owner: AnyDesc): string[] {
  switch (owner.kind) {
    case 'service':
      return owner.methods.map(({ name }) => name);
    case 'message':
      return owner.members.map(({ name }) => name);
    default:
      return [];
  }
}

function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new NotFound(`${name} not found`);
  return value;
}
