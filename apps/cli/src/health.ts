import { operatorCommands } from './operator-commands.ts';
import { runCommand } from './run-commands.ts';

// For health checks of containers and units, which start it again and again: it loads nothing else.
await runCommand(operatorCommands.health!, process.argv.slice(2));
