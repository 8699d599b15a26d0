export { commands } from './commands.ts';
export {
  type Command,
  type CommandContext,
  type CommandIo,
  type RunCommand,
  defineCommand,
} from './command.ts';
export { route } from './route.ts';
