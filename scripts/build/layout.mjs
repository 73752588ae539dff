/** Where things are: the folders of the source tree and of the build. */
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const SRC = `${ROOT}src`;
export const DIST = `${ROOT}dist`;

/** Folders that exist once in a CLI process, in core.cjs, so that an error class is the same class everywhere. */
export const CORE_FOLDERS = ['cli', 'client', 'files', 'local', 'protocol', 'service', 'session'];

/** Packages that only some commands need: each becomes a chunk of its own, loaded by `await import()`. */
export const LAZY_PACKAGES = ['chalk', 'conf', 'listr2', 're2js'];

/** Packages with native parts, which cannot be bundled. */
export const NATIVE_PACKAGES = ['libsql', 'zeromq'];

/**
 * Options of every bundle. Identifiers are kept for stack traces; ASCII lets V8 read the text as one byte a character;
 * a dynamic import becomes a require, which skips the ES module loader and works in code run through `vm.Script`.
 */
export const BUNDLE = {
  absWorkingDir: ROOT,
  bundle: true,
  charset: 'ascii',
  define: { 'import.meta.dirname': '__dirname' },
  format: 'cjs',
  legalComments: 'none',
  logLevel: 'warning',
  minifySyntax: true,
  minifyWhitespace: true,
  platform: 'node',
  supported: { 'dynamic-import': false },
  target: 'node20',
};
