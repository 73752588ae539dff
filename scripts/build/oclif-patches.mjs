/**
 * Makes @oclif/core quick to start, at build time: every module of it is loaded when it is first used, and a few costly
 * habits are replaced. Every change insists on the text it expects, so that a new oclif version fails the build instead of
 * silently losing a change.
 */
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';

/** Fewer means that the shape of oclif's compiled output has changed. */
const LEAST_DEFERRED_REQUIRES = 150;

/** Text replacements by file, relative to @oclif/core/lib. */
const REPLACEMENTS = {
  'config/plugin.js': [
    // Loads ICU collation, 10 ms; command ids are ASCII.
    ['a.id.localeCompare(b.id)', '(a.id < b.id ? -1 : 1)'],
  ],
  'index.js': [
    // Loads semver, 41 ms, to check an engine that package managers check already.
    ['\ncheckNodeVersion();', ''],
    ['exports.Args = __importStar(require("./args"));', deferredExport('Args', './args')],
    ['exports.Constraints = __importStar(require("./constraints"));', deferredExport('Constraints', './constraints')],
    ['exports.Errors = __importStar(require("./errors"));', deferredExport('Errors', './errors')],
    ['exports.Flags = __importStar(require("./flags"));', deferredExport('Flags', './flags')],
    ['exports.Interfaces = __importStar(require("./interfaces"));', deferredExport('Interfaces', './interfaces')],
    [
      'exports.ModuleLoader = __importStar(require("./module-loader"));',
      deferredExport('ModuleLoader', './module-loader'),
    ],
    ['exports.Parser = __importStar(require("./parser"));', deferredExport('Parser', './parser')],
    // Plain data properties would shadow the getters above.
    [/^exports\.ux = .* = void 0;$/gm, ''],
  ],
  'config/config.js': [
    // A colour theme in the user's configuration directory: one more file to look for, at every start.
    ['this.theme = await this.loadTheme();', ''],
  ],
  'logger.js': [
    // Loads debug, tty and net to write nothing.
    ['(0, debug_1.default)(namespace)', 'process.env.DEBUG ? (0, debug_1.default)(namespace) : () => {}'],
  ],
  'util/fs.js': [
    // Loads node:fs/promises for the one file that is read, the manifest.
    ["await (0, promises_1.readFile)(path, 'utf8')", "(0, node_fs_1.readFileSync)(path, 'utf8')"],
  ],
  'util/os.js': [
    // Reads /proc to tell WSL from Linux, which nothing here asks for.
    ["(await import('wsl-utils')).isWsl ? 'wsl' : (0, node_os_1.platform)()", '(0, node_os_1.platform)()'],
  ],
  'ux/list.js': [
    ["const wordwrap = require('wordwrap');", ''],
    ['wordwrap(', "require('wordwrap')("],
  ],
  'ux/action/spinner.js': [
    ["const ansiEscapes = require('ansi-escapes');", ''],
    ['ansiEscapes.', "require('ansi-escapes')."],
  ],
  'command.js': [
    // Throws what a lost output is about, out of any call. Ours tells in a line.
    [/process\.stdout\.on\('error', .*?\n\}\);\n/s, ''],
    ['const Errors = __importStar(require("./errors"));', 'const errors_0 = __importStar(require("./errors"));'],
    ['const Parser = __importStar(require("./parser"));', 'const parser_0 = __importStar(require("./parser"));'],
    [' Errors.', ' errors_0.'],
    [' Parser.', ' parser_0.'],
  ],
};

/** `const x_1 = require("y");`, the only form the TypeScript compiler gives imports. */
const REQUIRE = /^(?:const|var) (\w+_\d+) = ((?:__importDefault|__importStar)?\(?require\("[^"]+"\)\)?);$/gm;

/** @returns an esbuild plugin over @oclif/core/lib */
export function oclifPatches() {
  return {
    name: 'oclif-patches',
    setup(build) {
      const pending = new Set(Object.keys(REPLACEMENTS));
      let deferred = 0;
      build.onLoad({ filter: /node_modules[\\/]@oclif[\\/]core[\\/]lib[\\/].*\.js$/ }, async ({ path }) => {
        const file = relative(path.replace(/([\\/]@oclif[\\/]core[\\/]lib[\\/]).*$/, '$1'), path).replaceAll('\\', '/');
        pending.delete(file);
        const { text, deferred: count } = patch(file, await readFile(path, 'utf8'));
        deferred += count;
        return { contents: text, loader: 'js' };
      });
      build.onEnd(() => {
        if (pending.size > 0) throw new Error(`@oclif/core no longer has ${[...pending].join(', ')}`);
        if (deferred < LEAST_DEFERRED_REQUIRES)
          throw new Error(`only ${deferred} requires of @oclif/core were deferred`);
      });
    },
  };
}

/**
 * @param {string} file relative to @oclif/core/lib
 * @param {string} original its text
 * @returns the changed text, and how many requires were deferred in it
 * @throws when a text to be replaced is not there
 */
export function patch(file, original) {
  let text = original;
  for (const [expected, replacement] of REPLACEMENTS[file] ?? []) {
    const found = typeof expected === 'string' ? text.includes(expected) : expected.test(text);
    if (!found) throw new Error(`@oclif/core/lib/${file} no longer contains ${expected}`);
    text =
      typeof expected === 'string' || expected.global
        ? text.replaceAll(expected, () => replacement)
        : text.replace(expected, () => replacement);
  }
  const names = [...text.matchAll(REQUIRE)].map((match) => match[1]);
  text = text.replace(REQUIRE, 'let $1$value; const $1$defer = () => ($1$value ??= $2);');
  for (const name of names) text = text.replaceAll(new RegExp(`\\b${name}\\b(?![$])`, 'g'), `(${name}$defer())`);
  return { text, deferred: names.length };
}

function deferredExport(name, from) {
  return `Object.defineProperty(exports, "${name}", { enumerable: true, get: () => __importStar(require("${from}")) });`;
}
