import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SocketPathTooLong, UnsafePath } from '../../src/local/errors.js';
import { ensurePrivateDirectory, type Platform, privateEndpoint, stuiPaths } from '../../src/local/paths.js';
import { bundle, Child } from './child-process.js';
import { temporaryDirectory } from './temporary.js';

const uid = process.getuid?.() ?? 0;
const mode = (path: string): string => (lstatSync(path).mode & 0o777).toString(8);

/** Only root can give files away. */
const itAsRoot = uid === 0 ? it : it.skip;

function platform(): Platform {
  const root = temporaryDirectory();
  const places = { config: join(root, 'config'), data: join(root, 'data'), cache: join(root, 'cache') };
  return { places: () => places, temporary: join(root, 'tmp'), runtimeRoot: join(root, 'run-user') };
}

function privateDirectory(path: string): string {
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o700);
  return path;
}

describe('the paths', () => {
  it('are all below STUI_HOME when it is set', () => {
    expect(stuiPaths({ STUI_HOME: '/some/home', XDG_RUNTIME_DIR: '/run/user/0' })).toEqual({
      config: '/some/home/config',
      data: '/some/home/data',
      cache: '/some/home/cache',
      run: '/some/home/run',
    });
  });

  it('of a relative STUI_HOME do not depend on later changes of the working directory', () => {
    expect(stuiPaths({ STUI_HOME: 'home' }).data).toBe(join(process.cwd(), 'home', 'data'));
  });

  it('are the own places of the platform, without a suffix, when STUI_HOME is empty or missing', () => {
    const here = platform();
    expect(stuiPaths({ STUI_HOME: '' }, here)).toMatchObject(here.places());
    expect(stuiPaths({}).config.endsWith(`${join('/', 'stui')}`)).toBe(true);
  });

  it('put sockets into XDG_RUNTIME_DIR if that is private', () => {
    const here = platform();
    const runtime = privateDirectory(join(here.temporary, 'xdg'));
    expect(stuiPaths({ XDG_RUNTIME_DIR: runtime }, here).run).toBe(join(runtime, 'stui'));
  });

  it('find the runtime directory of the user without the variable, as in a cron job', () => {
    const here = platform();
    const runtime = privateDirectory(join(here.runtimeRoot, String(uid)));
    expect(stuiPaths({}, here).run).toBe(join(runtime, 'stui'));
  });

  it('leave a runtime directory that is missing, open or a link for one of our own', () => {
    const here = platform();
    const ours = join(here.temporary, `stui-${uid}`);
    const open = privateDirectory(join(here.temporary, 'open'));
    chmodSync(open, 0o777);
    symlinkSync(privateDirectory(join(here.temporary, 'real')), join(here.temporary, 'link'));
    writeFileSync(join(here.temporary, 'file'), '');
    for (const name of ['missing', 'open', 'link', 'file', 'file/below']) {
      expect(stuiPaths({ XDG_RUNTIME_DIR: join(here.temporary, name) }, here).run).toBe(ours);
    }
    expect(existsSync(ours)).toBe(false);
  });
});

describe('a private directory', () => {
  it('is made with its parents, for its owner only', () => {
    const root = temporaryDirectory();
    ensurePrivateDirectory(join(root, 'a', 'b'));
    expect([mode(join(root, 'a')), mode(join(root, 'a', 'b'))]).toEqual(['700', '700']);
  });

  it('of ours that others may enter is closed to them', () => {
    const directory = temporaryDirectory();
    chmodSync(directory, 0o755);
    ensurePrivateDirectory(directory);
    expect(mode(directory)).toBe('700');
  });

  it('that its owner made read-only stays so', () => {
    const directory = temporaryDirectory();
    chmodSync(directory, 0o555);
    ensurePrivateDirectory(directory);
    expect(mode(directory)).toBe('500');
  });

  it('is not a link, a dangling link, a file or below one', () => {
    const root = temporaryDirectory();
    symlinkSync(temporaryDirectory(), join(root, 'link'));
    symlinkSync(join(root, 'nowhere'), join(root, 'dangling'));
    writeFileSync(join(root, 'file'), '');
    for (const name of ['link', 'dangling', 'file']) {
      expect(() => ensurePrivateDirectory(join(root, name))).toThrow(UnsafePath);
    }
    expect(() => ensurePrivateDirectory(join(root, 'link'))).toThrow('it is a symbolic link');
    expect(() => ensurePrivateDirectory(join(root, 'file', 'below'))).toThrow('cannot be used');
    expect(existsSync(join(root, 'nowhere'))).toBe(false);
  });

  itAsRoot('is not one that belongs to somebody else', () => {
    const directory = temporaryDirectory();
    chownSync(directory, 12_345, 12_345);
    expect(() => ensurePrivateDirectory(directory)).toThrow(UnsafePath);
    expect(() => ensurePrivateDirectory(directory)).toThrow('belongs to user 12345');
  });
});

describe('the endpoint of the private backend', () => {
  it('is a socket below the run directory, which is made private', () => {
    const run = join(temporaryDirectory(), 'run');
    expect(privateEndpoint({ run })).toBe(`ipc://${run}/backend.sock`);
    expect(mode(run)).toBe('700');
  });

  it('of a long home is in a short private directory, the same however the home is spelt', () => {
    const root = temporaryDirectory();
    const temporary = temporaryDirectory();
    const home = join(root, 'long'.repeat(40));
    ensurePrivateDirectory(home);
    symlinkSync(home, join(root, 's'));
    const endpoint = privateEndpoint({ run: join(home, 'run') }, temporary);
    expect(endpoint).toMatch(new RegExp(`^ipc://${temporary}/stui-${uid}-[0-9a-f]{12}/backend\\.sock$`));
    expect(privateEndpoint({ run: join(root, 's', 'run') }, temporary)).toBe(endpoint);
    expect(privateEndpoint({ run: join(`${home}2`, 'run') }, temporary)).not.toBe(endpoint);
    expect(readdirSync(temporary).map((name) => mode(join(temporary, name)))).toEqual(['700', '700']);
  });

  it('counts bytes and not characters', () => {
    const temporary = temporaryDirectory();
    const run = join(temporaryDirectory(), '🙂'.repeat(25));
    expect(privateEndpoint({ run }, temporary)).toContain(`ipc://${temporary}/stui-`);
  });

  it('is never in a place that others prepared', () => {
    const run = join(temporaryDirectory(), 'x'.repeat(120));
    const temporary = temporaryDirectory();
    const [, short = ''] = /^ipc:\/\/(.*)\/backend\.sock$/.exec(privateEndpoint({ run }, temporary)) ?? [];
    chmodSync(short, 0o777);
    expect(() => privateEndpoint({ run }, temporary)).toThrow(UnsafePath);

    const shared = temporaryDirectory();
    symlinkSync(privateDirectory(join(shared, 'theirs')), join(shared, 'stui-run'));
    expect(() => privateEndpoint({ run: join(shared, 'stui-run') }, shared)).toThrow(UnsafePath);
    chmodSync(join(shared, 'theirs'), 0o755);
    expect(() => privateEndpoint({ run: join(shared, 'theirs') }, shared)).toThrow(UnsafePath);
  });

  it('is an error where no path is short enough', () => {
    const temporary = join(temporaryDirectory(), 'y'.repeat(100));
    expect(() => privateEndpoint({ run: join(temporary, 'home', 'run') }, temporary)).toThrow(SocketPathTooLong);
  });
});

describe('everything that is made below a home', () => {
  it('is for its owner only, even with a umask of 000', async () => {
    const home = join(temporaryDirectory(), 'home');
    expect(await new Child(bundle('make-all'), [home]).end()).toMatchObject({ code: 0 });
    const entries = readdirSync(home, { recursive: true, withFileTypes: true });
    const found = entries.map((entry) => `${entry.name} ${mode(join(entry.parentPath, entry.name))}`).sort();
    expect([mode(home), ...found]).toEqual([
      '700',
      'cache 700',
      'client-id 600',
      'config 700',
      'config.json 600',
      'config.json.bak 600',
      'current.json 600',
      'data 700',
      'run 700',
      'sessions.json 600',
    ]);
  });
});
