/**
 * Makes `dist/engine/embedded.cjs`, the one file an embedded engine runs: Amber's AMD modules as they are published,
 * followed by our own code. One file, because a V8 startup snapshot can only be built from one, and because Amber's
 * modules evaluate code in their own scope, which a bundler must not rename.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/** The modules an engine needs; the browser, the tests and the AST interpreter stay out: they only cost memory. */
const MODULES: readonly string[] = [
  'base/boot',
  'base/brikz',
  'base/helpers',
  'base/junk-drawer',
  'base/kernel-checks',
  'base/kernel-fundamentals',
  'base/kernel-language',
  'base/kernel-runtime',
  'base/parser',
  'src/Kernel-Helpers',
  'src/Kernel-Objects',
  'src/Kernel-Classes',
  'src/Kernel-Methods',
  'src/Kernel-Collections',
  'src/Kernel-Dag',
  'src/Kernel-Infrastructure',
  'src/Kernel-Promises',
  'src/Kernel-Exceptions',
  'src/Kernel-Announcements',
  'src/Platform-Services',
  'src/Platform-ImportExport',
  'src/Compiler-Core',
  'src/Compiler-AST',
  'src/Compiler-Semantic',
  'src/Compiler-IR',
  'src/Compiler-Inlining',
  'src/SUnit',
];

interface Patch {
  readonly module: string;
  readonly find: string;
  readonly replace: string;
}

/**
 * What has no plug point in Amber: its parser makes strings of characters and symbols and doubles of all numbers; the
 * current context cannot be reset after V8 terminated an evaluation, which runs no `finally`; and only a method added to
 * a class makes its selectors known, so that an object without them answers `doesNotUnderstand:`. And nothing runs often
 * enough to notice an interrupt but the making of a context.
 */
const PATCHES: readonly Patch[] = [
  {
    module: 'base/kernel-runtime',
    find: 'st.getThisContext = function () {',
    replace: 'st.resetContext = function () { thisContext = null; };\n            st.getThisContext = function () {',
  },
  {
    module: 'base/kernel-runtime',
    find: 'st.withContext = function (worker, setup) {',
    replace:
      'var sendsToCheck = 256;\n            st.withContext = function (worker, setup) {\n' +
      '                if (--sendsToCheck < 0) { sendsToCheck = 256; st.checkInterrupt(); }',
  },
  {
    module: 'base/kernel-fundamentals',
    find: 'function registerNewSelectors (method) {',
    replace: 'st.registerSelectorsOf = registerNewSelectors;\n            function registerNewSelectors (method) {',
  },
  {
    module: 'base/parser',
    find: 'function(char) {\n        \treturn newNode($globals.ValueNode)._value_(char);',
    replace:
      'function(char) {\n        \treturn newNode($globals.ValueNode)._value_(__boot.api.literals.character(char));',
  },
  {
    module: 'base/parser',
    find: 'peg$c31 = function(rest) {return rest;}',
    replace:
      'peg$c31 = function(rest) {return rest;}, symbolNode = function(val) {\n' +
      '        \treturn newNode($globals.ValueNode)._value_(__boot.api.literals.symbol(val));\n        }',
  },
  {
    module: 'base/parser',
    find: 'peg$c34 = function(n) {return parseFloat(n);}',
    replace: 'peg$c34 = function(n) {return __boot.api.literals.number(n);}',
  },
  {
    module: 'base/parser',
    find: 'function peg$parsehex() {',
    replace:
      'function peg$parsehex() {\n            var radix = __boot.api.literals.radix(input, peg$currPos);\n' +
      '            if (radix) { peg$currPos += radix.length; return radix.value; }',
  },
  {
    module: 'base/parser',
    find: 'peg$c45 = function(n) {return parseInt(n, 10);}',
    replace: 'peg$c45 = function(n) {return __boot.api.literals.number(n);}',
  },
];

/** Where the parser builds a symbol's node: the one use of the string action inside the rule `bareSymbol`. */
const SYMBOL_RULE = /(function peg\$parsebareSymbol\(\) \{[\s\S]*?)peg\$c16\(s1\)/;

function patched(module: string, source: string): string {
  let text = source;
  for (const { find, replace } of PATCHES.filter((each) => each.module === module)) {
    if (text.split(find).length !== 2) throw new Error(`Amber's ${module} no longer holds: ${find}`);
    text = text.replace(find, () => replace);
  }
  if (module === 'base/parser') {
    if (!SYMBOL_RULE.test(text)) throw new Error(`Amber's ${module} no longer has the rule bareSymbol`);
    text = text.replace(SYMBOL_RULE, (_match, before: string) => `${before}symbolNode(s1)`);
  }
  return text;
}

/** `base/boot` is known as `amber/boot`, `src/SUnit` as `amber/core/SUnit`. */
function amdName(module: string): string {
  return module.replace(/^base\//, 'amber/').replace(/^src\//, 'amber/core/');
}

async function amberModules(projectRoot: string): Promise<string> {
  const root = join(projectRoot, 'node_modules', '@ambers', 'lang');
  const definitions = await Promise.all(
    MODULES.map(async (module) => {
      const source = patched(module, await readFile(join(root, `${module}.js`), 'utf8'));
      return `amberModules[${JSON.stringify(amdName(module))}] = function (define) {\n${source}\n};`;
    }),
  );
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  return [
    `'use strict';\nconst amberVersion = ${JSON.stringify(version)};`,
    'const amberModules = {};',
    ...definitions,
  ].join('\n');
}

/**
 * Writes the engine's program to `outFile`.
 *
 * @param projectRoot the directory that holds `src` and `node_modules`
 * @throws when esbuild fails, or when the installed Amber is not the one the patches were written for
 */
export async function buildEngineBundle(outFile: string, projectRoot = process.cwd()): Promise<void> {
  await build({
    entryPoints: [join(projectRoot, 'src', 'engine', 'embedded', 'child', 'main.ts')],
    outfile: outFile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    banner: { js: await amberModules(projectRoot) },
    logLevel: 'error',
  });
}
