import { prepareJaeger } from './tools.ts';

/** `npm run build:jaeger`: builds the Jaeger that the tests of traces use, where it has not been built before. */
const jaeger = prepareJaeger();
if ('missing' in jaeger) {
  console.error(jaeger.missing);
  process.exitCode = 1;
} else console.log(jaeger.binary);
