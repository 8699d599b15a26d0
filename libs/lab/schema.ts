/** Writes the JSON schema of scenario files: `npm run schema -w @weir/lab`. */
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { scenarioSchema } from './src/scenario/scenario-schema.ts';

const file = new URL('./experiments/scenario.schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(z.toJSONSchema(scenarioSchema, { io: 'input' }), null, 2)}\n`);
