import type { NodeReport } from '@weir/domain';
import { isDeepStrictEqual } from 'node:util';

/**
 * The report, with what `known` says as well in the same objects: every few seconds thousands of devices say of a node what they,
 * or others, have said of it before, and each copy would be kept until the next.
 */
export function sharing(report: NodeReport, known: NodeReport | undefined): NodeReport {
  if (!known) return report;
  const node = isDeepStrictEqual(report.node, known.node) ? known.node : report.node;
  const services = isDeepStrictEqual(report.services, known.services) ? known.services : report.services;
  return { ...report, node, services };
}
