/** `npm run mutations:random`: see docs/testing.md. */
import { LEFT_OUT, seed } from './sample.mjs';

console.log(`STUI_MUTATIONS_SEED=${seed}`);
process.env.STUI_MUTATIONS_SEED = seed;

/** Each folder with those whose tests run it. */
const TESTED_BY = {
  client: ['client', 'service'],
  backend: ['backend'],
  journal: ['journal'],
  local: ['local', 'service'],
  session: ['session', 'backend'],
};
const chosen = process.env.STUI_MUTATIONS_FOLDERS?.split(',') ?? Object.keys(TESTED_BY);
const tested = new Set(chosen.flatMap((folder) => TESTED_BY[folder]));

/** Tests that start processes, mount disks or take a minute: one change would take as long as all others. */
const SLOW = [
  '/test/client/(network|week)',
  '/test/journal/(damage|disks|kill|salvage)',
  '/test/local/(store-disks|store-processes)',
  '/test/local/outbox/(crash|disks|processes)',
];

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: chosen.map((folder) => `src/${folder}/**/*.ts`),
  mutator: { excludedMutations: LEFT_OUT },
  plugins: ['@stryker-mutator/jest-runner', import.meta.resolve('./plugin.mjs')],
  checkers: ['sample'],
  reporters: ['sample'],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  jest: {
    configFile: 'jest.config.js',
    config: {
      testMatch: [...tested].map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`),
      testPathIgnorePatterns: SLOW,
    },
    enableFindRelatedTests: true,
  },
  coverageAnalysis: 'perTest',
  // What is computed once, when a module is loaded, would need all tests for each change.
  ignoreStatic: true,
  // A machine under load is no test that sees a change.
  timeoutMS: 60_000,
  timeoutFactor: 4,
  dryRunTimeoutMinutes: 20,
  concurrency: 1,
  tempDirName: '.stryker-tmp',
  ignorePatterns: ['dist', '.dist-*', 'man', 'examples'],
  // It would be read by an API that this version of TypeScript does not have.
  tsconfigFile: 'none.json',
  allowConsoleColors: false,
  checkerNodeArgs: [],
};
