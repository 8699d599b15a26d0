import { attribute } from './attributes.ts';

/** Identity of a program; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES override it. */
export interface ProcessIdentity {
  /** Name of the service, e.g. `device-agent`. */
  readonly service: string;
  /** The process's cell. */
  readonly cell?: string | undefined;
  /** The process's node. */
  readonly node?: string | undefined;
}

/** The same as attributes of a resource. */
export const resourceAttributesOf = ({ service, cell, node }: ProcessIdentity): Record<string, string> => ({
  'service.name': service,
  'service.namespace': 'weir',
  ...(cell === undefined ? {} : { [attribute.cellId]: cell }),
  ...(node === undefined ? {} : { [attribute.nodeId]: node }),
});
