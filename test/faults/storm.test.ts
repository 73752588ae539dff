/** A storm: kills at random moments of everything that can be killed, for as long as STUI_STORM_SECONDS says. */
import { expect, it } from '@jest/globals';
import { Chance } from './chance.js';
import { Storm } from './storm/storm.js';

/** Long enough for each kind of kill to happen a few times. The gate gives more. */
const DEFAULT_SECONDS = 20;

/** What was begun when the storm is over takes its time on a busy machine, in ms. */
const AFTERWARDS_MS = 180_000;

const seconds = Number(process.env['STUI_STORM_SECONDS'] ?? DEFAULT_SECONDS);

it(
  'what is acknowledged in a storm of kills is there once, counts once, and in its own session; a kill explains what is unknown',
  async () => {
    const storm = new Storm(Chance.announced('storm', 'STUI_STORM_SEED'));
    await storm.rage(seconds * 1_000);
    await storm.check();
    process.stderr.write(`storm of ${seconds} s: ${storm.summary()}\n`);
    const { account } = storm;
    expect(account.findings).toEqual({ lost: [], doubled: [], foreign: [], unexplained: [] });
    expect(account.acknowledged).toBeGreaterThan(0);
  },
  seconds * 1_000 + AFTERWARDS_MS,
);
