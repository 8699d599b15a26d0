import type { Violations } from '@weir/base';
import { type agent, common, type telemetry } from '@weir/proto';
import { limits } from './limits.ts';
import { checkSize } from './size.ts';

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
  checkSize(status, 'agent', { most: limits.agentReportBytes, figures: 'finite' }, violations);
}
