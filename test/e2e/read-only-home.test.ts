/** A home on a disk that cannot be written to: whoever only looks can. */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import { itMounts, mountTmpfs, remount } from '../local/privileged.js';
import { stui, temporaryHome } from './stui.js';

describe('a home that cannot be written to', () => {
  itMounts(
    'lets one look at a backend elsewhere, also where it never had a client id, and says why no other starts',
    async () => {
      const elsewhere = temporaryHome();
      const endpoint = `ipc://${join(elsewhere, 'lab.sock')}`;
      await stui(elsewhere, 'backend', 'start', '--detach', '--endpoint', endpoint);
      const home = mountTmpfs('size=8m');
      await stui(home, 'connection', 'add', 'lab', endpoint);
      await stui(home, 'session', 'create', 'demo', '-c', 'lab');
      await stui(home, 'eval', '3 + 4', '-c', 'lab');
      const fresh = join(home, 'fresh');
      mkdirSync(fresh);
      cpSync(join(home, 'config'), join(fresh, 'config'), { recursive: true });
      remount(home, 'ro');

      for (const place of [home, fresh]) {
        const [history, log, listed, connections] = await Promise.all([
          stui(place, 'history', '-c', 'lab', '-s', 'demo', '--json'),
          stui(place, 'log', 'demo', '-c', 'lab'),
          stui(place, 'session', 'list', '-c', 'lab', '--json'),
          stui(place, 'connection', 'list'),
        ]);
        expect([history.code, log.code, listed.code, connections.code]).toEqual([0, 0, 0, 0]);
        expect(history.json.evaluations).toMatchObject([{ code: '3 + 4', printString: '7' }]);
        const [here, status] = await Promise.all([stui(place, 'history', '-s', 'demo'), stui(place, 'status')]);
        expect({ code: here.code, stderr: here.stderr }).toEqual({
          code: 5,
          stderr: expect.stringContaining('STUI_HOME'),
        });
        expect({ code: status.code, stdout: status.stdout }).toEqual({
          code: 0,
          stdout: expect.stringContaining('stopped'),
        });
      }
    },
  );
});
