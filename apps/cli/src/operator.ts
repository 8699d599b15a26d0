import { operatorCommands } from './operator-commands.ts';
import { runCommands } from './run-commands.ts';

await runCommands(operatorCommands);
