/** What an operator starts, by the name of its file in `dist/`, and where its source is. */
export const programs = {
  'device-agent': 'apps/device-agent/src/main.ts',
  'inference-worker': 'apps/inference-worker/src/main.ts',
  'policy-service': 'apps/policy-service/src/main.ts',
  telemetry: 'apps/telemetry/src/main.ts',
  console: 'apps/console/src/main.ts',
  weir: 'apps/cli/src/operator.ts',
  health: 'apps/cli/src/health.ts',
} as const;

export type Program = keyof typeof programs;

/** The packages of a program, as `import.meta.resolve` names them in the sources. */
export const programOfPackage: Readonly<Record<string, Program>> = { '@weir/console/main': 'console' };

/** What learner files import by name; they must get the very instance that the service runs on. */
export const importable: Readonly<Record<string, string>> = {
  '@weir/base': 'libs/base/src/index.ts',
  '@weir/domain': 'libs/domain/src/index.ts',
  '@weir/learning': 'libs/learning/src/index.ts',
  zod: 'node_modules/zod/index.js',
};

/** Packages with binaries of a platform: they stay packages. */
export const native = ['onnxruntime-node', 'sharp'] as const;
