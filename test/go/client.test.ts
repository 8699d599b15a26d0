import { describeClient } from '../support/client-contract.ts';

describeClient('Go', () => [process.env.WEIR_GO_CLIENT!]);
