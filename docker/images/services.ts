import type { Program } from '../bundle/programs.ts';

/** A service as an image, a unit and a pod run it. */
export interface Service {
  readonly program: Program;
  readonly title: string;
  readonly port: number;
  /** Of Node. */
  readonly nodeFlags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** What `health.js` is told beyond the service's configuration. */
  readonly healthFlags?: readonly string[];
  /** Further programs in its image. */
  readonly tools?: readonly Program[];
}

/** glibc gives back what loading a model needed (docs/serving.md, "Memory"). */
const givesBack = { MALLOC_MMAP_THRESHOLD_: '131072' };

export const services: readonly Service[] = [
  {
    program: 'device-agent',
    title: 'Answers the frames of one device, each where and with the model variant that suits it best',
    port: 7000,
    nodeFlags: ['--max-semi-space-size=4'],
    environment: givesBack,
    healthFlags: ['--agent'],
  },
  {
    program: 'inference-worker',
    title: 'Runs the model variants of one node, at the edge or in the cloud',
    port: 7200,
    environment: givesBack,
  },
  {
    program: 'policy-service',
    title: 'Learns what inferences cost, and plans the devices of each cell together',
    port: 7100,
    environment: { WEIR_DATA: '/var/lib/weir' },
    tools: ['weir'],
  },
  {
    program: 'telemetry',
    title: 'Collects the reports of all nodes and fans out the state of each cell',
    port: 7300,
  },
  {
    program: 'console',
    title: 'The web page over a running cell',
    port: 7080,
    healthFlags: ['--page'],
    tools: ['weir'],
  },
];
