'use strict';

/**
 * Starts the CLI. Nine tenths of a command's time would go into compiling dist/core.cjs, so its compiled form is kept in
 * the user's cache directory. Nothing here may print or fail because of that: without the cache it is merely slower.
 */
const fs = require('node:fs');
const Module = require('node:module');
const os = require('node:os');
const path = require('node:path');
const vm = require('node:vm');

const dist = path.join(__dirname, '..', 'dist');
const NOT_TYPICAL = /^(-h|--help|help|--version)$/;
const argv = process.argv.slice(2);

// Warnings of the runtime and of libraries are for whoever develops stui.
if (process.env.STUI_LOG !== 'debug') process.removeAllListeners('warning');

const core = loadCore(path.join(dist, 'core.cjs'));
core.run(argv, { root: dist, pjson: require('../package.json') });

function loadCore(filename) {
  const source = read(filename);
  const cache = codeCache(source.slice(2, source.indexOf('\n')));
  const cachedData = cache.read();
  const script = new vm.Script(Module.wrap(source), { filename, cachedData });
  // At the end, when the functions that a command uses have been compiled. Help and version use few of them.
  if ((cachedData === undefined || script.cachedDataRejected) && !argv.some((word) => NOT_TYPICAL.test(word))) {
    process.once('exit', () => cache.write(script.createCachedData(), core.load));
  }
  const module = new Module(filename, null);
  module.filename = filename;
  module.paths = Module._nodeModulePaths(dist);
  Module._cache[filename] = module;
  script.runInThisContext()(module.exports, Module.createRequire(filename), module, filename, dist);
  module.loaded = true;
  return module.exports;
}

/** A clone has no build before somebody made one. */
function read(filename) {
  try {
    return fs.readFileSync(filename, 'latin1');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    process.stderr.write(`stui: this copy is not built yet; run "npm run build" in ${path.dirname(__dirname)}\n`);
    process.exit(1);
  }
}

/** Compiled code by the digest of its source: the build writes that into the first line. */
function codeCache(digest) {
  const directory = cacheDirectory();
  if (directory === undefined) return { read() {}, write() {} };
  const file = path.join(directory, `core-${digest}-${process.version}-${process.arch}.v8`);
  return {
    read() {
      try {
        return unseal(fs.readFileSync(file));
      } catch {
        return undefined;
      }
    },
    write(data, load) {
      try {
        load('files/directories').makeDirectory(directory);
        load('files/durable-file').writeWhole(file, seal(data));
      } catch {
        // A read-only or full disk costs speed only.
      }
    },
  };
}

/**
 * V8 trusts what it is given and dies of a flipped bit. The compiled code is therefore kept twice, since comparing two
 * copies is native and takes a tenth of the time of any checksum that can be had without loading a module.
 */
function seal(data) {
  return Buffer.concat([data, data]);
}

/** @returns the compiled code, or undefined when the file is damaged */
function unseal(sealed) {
  const data = sealed.subarray(0, sealed.length / 2);
  return data.equals(sealed.subarray(data.length)) ? data : undefined;
}

/**
 * Where STUI_HOME or the platform keeps caches; the same place as env-paths gives, which would take time to load.
 * @returns undefined where there is no such place
 */
function cacheDirectory() {
  const { STUI_HOME, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (STUI_HOME) return path.join(STUI_HOME, 'cache');
  const home = homeDirectory();
  if (process.platform === 'darwin') return home && path.join(home, 'Library', 'Caches', 'stui');
  if (process.platform === 'win32') {
    const local = LOCALAPPDATA || (home && path.join(home, 'AppData', 'Local'));
    return local && path.join(local, 'stui', 'Cache');
  }
  const caches = XDG_CACHE_HOME || (home && path.join(home, '.cache'));
  return caches && path.join(caches, 'stui');
}

/** A user without an entry in the password database and without HOME has none. */
function homeDirectory() {
  try {
    const home = os.homedir();
    return path.isAbsolute(home) ? home : undefined;
  } catch {
    return undefined;
  }
}
