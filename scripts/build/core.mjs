/** Builds what every command shares into one file, `core.cjs`, and each command into a small chunk that takes it from there. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import { deferredBuiltins } from './deferred-builtins.mjs';
import { BUNDLE, CORE_FOLDERS, ROOT, SRC } from './layout.mjs';
import { lazyPackages } from './lazy-packages.mjs';
import { noteLicences } from './licences.mjs';
import { oclifPatches } from './oclif-patches.mjs';
import { osWithoutAccount } from './os-without-account.mjs';
import { sourcesBelow } from './sources.mjs';

/** Compilers that oclif looks for in development only. */
const NEVER_BUNDLED = ['typescript', 'ts-node', 'tsx'];

/**
 * `core.cjs` exports `run` (the CLI) and `load` (one shared module by name, evaluated when first asked for). Its first
 * line carries the digest of the rest, by which the launcher keys V8's code cache: npm gives every file of every version
 * the same modification time.
 */
export async function buildCore(dist) {
  const modules = CORE_FOLDERS.flatMap((folder) => sourcesBelow(`${SRC}/${folder}`)).map((file) => moduleName(file));
  const loaders = modules.map((name) => `${JSON.stringify(name)}: () => require('./src/${name}.ts')`);
  await build({
    ...BUNDLE,
    stdin: {
      contents: `const modules = { '@oclif/core': () => require('@oclif/core'), ${loaders.join(', ')} };
        exports.load = (name) => modules[name]();
        exports.run = (argv, installation) => require('./src/cli/run.ts').run(argv, installation);`,
      resolveDir: ROOT,
      sourcefile: 'core.cjs',
    },
    external: NEVER_BUNDLED,
    outfile: `${dist}/core.cjs`,
    plugins: [osWithoutAccount(), deferredBuiltins(), lazyPackages(dist), oclifPatches(), noteLicences],
  });
  // esbuild keeps regular expressions as they are written; the launcher reads the file as one byte a character.
  const text = (await readFile(`${dist}/core.cjs`, 'utf8')).replace(
    /[^\0-\x7f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 32);
  await writeFile(`${dist}/core.cjs`, `//${digest}\n${text}`);
}

export async function buildCommands(dist) {
  await build({
    ...BUNDLE,
    entryPoints: sourcesBelow(`${SRC}/commands`),
    outbase: SRC,
    outdir: dist,
    outExtension: { '.js': '.cjs' },
    plugins: [fromCore()],
  });
}

/** Takes oclif and the shared folders from core.cjs, and refuses whatever a command may not import. */
function fromCore() {
  return {
    name: 'from-core',
    setup(build) {
      build.onResolve({ filter: /.*/ }, ({ path, kind, resolveDir, importer, namespace }) => {
        if (kind === 'entry-point' || path.startsWith('node:')) return undefined;
        if (namespace === 'core') return { path, external: true };
        const name = path.startsWith('.') ? moduleName(resolve(resolveDir, path)) : path;
        if (name.startsWith('commands/')) return undefined;
        if (path !== '@oclif/core' && !CORE_FOLDERS.includes(name.split('/')[0])) {
          throw new Error(`${relative(ROOT, importer)}: a command may not import ${path}`);
        }
        const core = `${relative(dirname(importer), SRC).replaceAll('\\', '/')}/core.cjs`;
        return { path: name, namespace: 'core', pluginData: core, suffix: `?${core}` };
      });
      build.onLoad({ filter: /.*/, namespace: 'core' }, ({ path, pluginData: core }) => ({
        contents: `module.exports = require(${JSON.stringify(core)}).load(${JSON.stringify(path)});`,
      }));
    },
  };
}

/** @returns e.g. `cli/errors` for the file `src/cli/errors.ts`, or for an import of it that ends in `.js` */
function moduleName(file) {
  return relative(SRC, file)
    .replaceAll('\\', '/')
    .replace(/\.(ts|js)$/, '');
}
