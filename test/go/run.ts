import { runSuite } from '../suite.ts';
import { goVersionFault, prepareGo } from './prepare.ts';

/**
 * `npm run test:go`: the Go client and grpcurl against a live cell. Needs Go, and the Go module proxy the first time;
 * where there is no Go, tests nothing and says so. Ends with `N passed, N failed`.
 */
const noGo = goVersionFault();
if (noGo) {
  console.error(`The Go client is not tested: ${noGo}`);
  console.log('0 passed, 0 failed');
} else runSuite(import.meta.dirname, 'go', { env: await prepareGo() });
