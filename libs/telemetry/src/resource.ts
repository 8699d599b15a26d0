import { attribute } from './attributes.ts';

/** What a program says of itself; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win over it. */
export interface ProcessIdentity {
  /** Name of the service, e.g. `device-agent`. */
  readonly service: string;
  /** The cell that this process belongs to. */
  readonly cell?: string | undefined;
  /** The node that it is. */
  readonly node?: string | undefined;
}

/** The same as attributes of a resource. */
export const resourceAttributesOf = ({ service, cell, node }: ProcessIdentity): Record<string, string> => ({
  'service.name': service,
  'service.namespace': 'weir',
  ...(cell === undefined ? {} : { [attribute.cellId]: cell }),
  ...(node === undefined ? {} : { [attribute.nodeId]: node }),
});
