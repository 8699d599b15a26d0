import js from '@eslint/js';
import { existsSync, readFileSync } from 'node:fs';
import tseslint from 'typescript-eslint';

/**
 * Imports go downwards only. Each folder names the Weir packages it may import; everything else, reaching into
 * another package's files included, is an error. Adapters (floor 2) never import each other; apps never import apps.
 * Circles of imports, within a package too, are oxlint's part (.oxlintrc.json): ESLint has no rule that sees types.
 */
const mayImport = {
  'libs/base': [],
  'libs/proto': [],
  'libs/domain': ['base'],
  'libs/wire': ['base', 'proto', 'domain'],
  'libs/dispatch': ['base', 'domain'],
  'libs/learning': ['base', 'domain'],
  'libs/simulation': ['base', 'domain', 'dispatch', 'learning'],
  'libs/rpc': ['base', 'proto'],
  'libs/inference': ['base', 'domain'],
  'libs/telemetry': ['base'],
  'libs/link': ['base'],
  'libs/storage': ['base', 'domain'],
  'libs/cell': ['base', 'proto', 'domain', 'wire', 'link', 'rpc'],
  'libs/lab': [
    'base',
    'proto',
    'domain',
    'wire',
    'dispatch',
    'learning',
    'simulation',
    'rpc',
    'inference',
    'link',
    'cell',
  ],
};
const libraries = Object.keys(mayImport).map((folder) => folder.slice('libs/'.length));
const apps = ['telemetry', 'policy-service', 'inference-worker', 'device-agent', 'cli', 'console'];
for (const app of apps) mayImport[`apps/${app}`] = libraries;

const floors = Object.entries(mayImport)
  .filter(([folder]) => existsSync(new URL(folder, import.meta.url)))
  .map(([folder, allowed]) => {
    const self = JSON.parse(readFileSync(new URL(`${folder}/package.json`, import.meta.url), 'utf8')).name;
    return {
      files: [`${folder}/**/*.ts`],
      rules: {
        'no-restricted-imports': [
          'error',
          {
            patterns: [
              {
                group: ['@weir/*', ...allowed.map((name) => `!@weir/${name}`)],
                message: `${self} may import only: ${allowed.join(', ') || 'no Weir package'} (see eslint.config.mjs).`,
              },
              {
                group: ['@weir/*/*', '!@weir/base/errors', '!@weir/domain/hops'],
                message: "Import a package's entry point, not its files.",
              },
              { group: ['**/libs/*', '**/apps/*'], message: 'Import across packages by name.' },
            ],
          },
        ],
      },
    };
  });

export default tseslint.config(
  {
    ignores: [
      '**/node_modules/',
      '**/dist/',
      '**/.weir/',
      '.nx/',
      'libs/proto/src/gen/',
      'libs/inference/models/',
      'report/',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './apps/console/page/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/require-await': 'off',
      // Generated gRPC clients are passed with their methods (callUnary(client, client.infer, …)), bound where called.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
  ...floors,
);
