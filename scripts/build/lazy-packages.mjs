/** Bundles each lazily loaded package into `vendor/`, and makes imports of it load that chunk. */
import { createRequire } from 'node:module';
import { build } from 'esbuild';
import { BUNDLE, LAZY_PACKAGES, NATIVE_PACKAGES } from './layout.mjs';
import { noteLicences } from './licences.mjs';
import { osWithoutAccount } from './os-without-account.mjs';

const NAMESPACE = 'lazy-package';

/**
 * conf compiles a JSON schema at run time (112 ms to load, 66 ms to compile), but stores here are checked by our own
 * code. Using a schema with this build is a mistake that must be seen at once.
 */
const CONF_WITHOUT_SCHEMA = {
  name: 'conf-without-schema',
  setup(build) {
    build.onResolve({ filter: /^ajv(-formats|\/dist\/2020\.js)$/ }, ({ path }) => ({ path, namespace: 'no-schema' }));
    build.onLoad({ filter: /.*/, namespace: 'no-schema' }, () => ({
      contents: `function absent() { throw new Error('conf is built without schema support'); }
        export { absent as Ajv2020, absent as default };`,
    }));
  },
};

/** @param {string} dist the folder the chunks are written below */
export async function buildLazyPackages(dist) {
  await build({
    ...BUNDLE,
    entryPoints: LAZY_PACKAGES.map((name) => ({ in: name, out: `vendor/${name}` })),
    outdir: dist,
    outExtension: { '.js': '.cjs' },
    plugins: [osWithoutAccount(), CONF_WITHOUT_SCHEMA, noteLicences],
  });
}

/**
 * @param {string} dist the folder of the chunks, already built: their exports are read from them
 * @returns an esbuild plugin for bundles that lie directly in that folder
 */
export function lazyPackages(dist) {
  const require = createRequire(`${dist}/`);
  return {
    name: 'lazy-packages',
    setup(build) {
      const names = LAZY_PACKAGES.join('|');
      build.onResolve(
        { filter: new RegExp(`^(${names}|${NATIVE_PACKAGES.join('|')})$`) },
        ({ path, kind, importer }) => {
          if (kind !== 'dynamic-import')
            throw new Error(`${importer}: import ${path} where it is used, by await import()`);
          return NATIVE_PACKAGES.includes(path) ? { path, external: true } : { path, namespace: NAMESPACE };
        },
      );
      build.onResolve({ filter: /^\.\/vendor\// }, ({ path }) => ({ path, external: true }));
      // An ES module in front of the chunk: a bare require would make the whole exports object the default import.
      build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => {
        const chunk = `./vendor/${path}.cjs`;
        const exported = Object.keys(require(chunk)).filter(
          (name) => /^[A-Za-z_$][\w$]*$/.test(name) && name !== 'default',
        );
        const lines = exported.map((name) => `export const ${name} = chunk.${name};`);
        return { contents: `const chunk = require('${chunk}'); export default chunk.default; ${lines.join(' ')}` };
      });
    },
  };
}
