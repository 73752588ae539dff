/**
 * Watches the network by SOURCE (`stream`, `polling` or `both`), printing each event with the time at which it was
 * received. At SIGUSR2 it stops watching and has nothing left to do; at SIGHUP it has nothing left to do but watch.
 */
import { writeSync } from 'node:fs';
import { watchNetwork } from '../../../../src/client/network/monitor.js';

const [source = ''] = process.argv.slice(2);

/** Milliseconds of a clock that all processes of a machine share. */
const now = () => Number(process.hrtime.bigint()) / 1e6;
const print = (message: object) => writeSync(1, `${JSON.stringify(message)}\n`);

const monitor = watchNetwork({
  onEvent: (event) => print({ at: now(), ...event }),
  // Blind, so that only the stream can be what saw a change.
  ...(source === 'stream' && { takeSnapshot: () => [] }),
  ...(source === 'polling' && { platform: 'openbsd' as const }),
});
const working = setInterval(() => {}, 60_000);
process.once('SIGUSR2', async () => {
  clearInterval(working);
  await monitor.stop();
  print({ stopped: true });
});
process.once('SIGHUP', () => clearInterval(working));
print({ ready: true });
