export {
  type Command,
  type CommandContext,
  type CommandIo,
  type RunCommand,
  defineCommand,
} from './command.ts';
