export { type AgentClient, type Frame, connectAgent } from './agent-client.ts';
export { type RunningCell, type StartCellOptions, startCell } from './cell.ts';
export {
  type CellDescription,
  type CellDescriptionInput,
  describeCell,
  readCellDescription,
} from './description.ts';
export type { CellLink } from './links.ts';
export type { ProcessEvent } from './supervised-process.ts';
