import type { Violations } from '@weir/base';
import { type agent, common, type telemetry } from '@weir/proto';
import { fieldName } from './field-name.ts';
import { limits } from './limits.ts';

/** An agent's status as part of its device's report: without what others report better, and within its limits. */
export function agentReportToWire(status: agent.GetStatusResponse): agent.GetStatusResponse {
  const { reportedTargets, reportedFaults, reportedCertificates, reportedText } = limits;
  const cut = (text: string) => text.slice(0, reportedText);
  return {
    ...status,
    localVariants: [],
    targets: status.targets.slice(0, reportedTargets).map(({ load, ...target }) => ({
      ...target,
      load: load && { ...load, services: [] },
      identityFault: cut(target.identityFault),
      ejection: cut(target.ejection),
      foreignVariants: [],
    })),
    peerFaults: status.peerFaults
      .slice(0, reportedFaults)
      .map((fault) => ({ ...fault, text: cut(fault.text) })),
    certificates: status.certificates
      .slice(0, reportedCertificates)
      .map((certificate) => ({ ...certificate, file: cut(certificate.file) })),
    floor: status.floor && { ...status.floor, refusal: cut(status.floor.refusal) },
    newest: status.newest.map((frame) => ({ ...frame, failedAttempts: frame.failedAttempts.map(cut) })),
  };
}

/** What is wrong with the agent's part of a report: it is about its own device, in figures that are some, and not too long. */
export function checkAgentReport(
  { agent: status, cellId, nodeId, tier }: telemetry.ReportRequest,
  violations: Violations,
): void {
  if (!status) return;
  violations.check(tier === common.Tier.DEVICE, 'agent', 'of a device alone, and this is none');
  violations.check(status.deviceId === nodeId, 'agent.device_id', 'expected the node that reports');
  violations.check(status.cellId === cellId, 'agent.cell_id', 'expected the cell of the node that reports');
  const bytes = weigh(status, 'agent', violations);
  const most = limits.agentReportBytes;
  violations.check(bytes <= most, 'agent', `expected at most ${most} bytes, got about ${bytes}`);
}

/** Largest figure of any kind. */
const most = 1e18;
const longestList = 256;

/** Checks every figure, text and list below a field. Returns their bytes, about. */
function weigh(value: unknown, field: string, violations: Violations): number {
  if (typeof value === 'string') {
    const { reportedText } = limits;
    violations.check(value.length <= reportedText, field, `expected at most ${reportedText} characters`);
    return value.length;
  }
  if (typeof value === 'number') violations.number(value, field, { min: -most, max: most });
  if (typeof value === 'bigint') violations.number(Number(value), field, { max: most });
  if (typeof value !== 'object' || value === null) return 8;
  if (Array.isArray(value)) {
    const listed: readonly unknown[] = violations.list(value, field, longestList);
    return listed.reduce<number>((sum, one, at) => sum + weigh(one, `${field}[${at}]`, violations), 0);
  }
  return Object.entries(value).reduce(
    (sum, [key, one]) => sum + weigh(one, `${field}.${fieldName(key)}`, violations),
    0,
  );
}
