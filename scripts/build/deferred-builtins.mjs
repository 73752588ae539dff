/**
 * Node's own modules cost milliseconds too (crypto 4, readline 2, child_process 1): in what the CLI shares, each is loaded
 * when something of it is first used, not when a module that might use it is.
 */
import { createRequire } from 'node:module';
import { relative } from 'node:path';
import { SRC } from './layout.mjs';

const NAMESPACE = 'deferred-builtin';

const COSTLY = [
  'child_process',
  'crypto',
  'dns/promises',
  'fs/promises',
  'net',
  'perf_hooks',
  'readline',
  'stream',
  'zlib',
];

const require = createRequire(import.meta.url);

/** @returns an esbuild plugin over our own modules */
export function deferredBuiltins() {
  return {
    name: 'deferred-builtins',
    setup(build) {
      build.onResolve({ filter: new RegExp(`^node:(${COSTLY.join('|')})$`) }, ({ path, importer, kind }) => {
        const isOurs = kind === 'import-statement' && !relative(SRC, importer).startsWith('..');
        return isOurs ? { path, namespace: NAMESPACE } : { path, external: true };
      });
      build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => {
        const getters = Object.keys(require(path)).map(
          (name) => `get ${name}() { return require('${path}').${name}; }`,
        );
        return { contents: `module.exports = { ${getters.join(', ')} };` };
      });
    },
  };
}
