/** Mosh as a yardstick: a line typed, and the time until the far side's answer to it stands on the screen. */
import { execFileSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { machineTime } from './reconnect-clock.mjs';

const PORT = 60_001;

/** Draws each line at the same place. With letters that differ from those before, mosh has to send all of them. */
const FAR_SIDE = String.raw`stty -echo; while read -r line; do printf '\033[H%s' "$line"; done`;

/** Mosh insists on UTF-8; this locale is part of every Debian. It guesses no answers here. */
const ENVIRONMENT = { LC_ALL: 'C.UTF-8', TERM: 'xterm', MOSH_PREDICTION_DISPLAY: 'never' };

/** @returns why mosh cannot be measured; undefined when it can */
export function whyNoMosh() {
  for (const program of ['mosh-server', 'mosh-client', 'script']) {
    try {
      execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    } catch {
      return `${program} is not installed`;
    }
  }
  return undefined;
}

/** Types, waits for the answer, and types again, until it is stopped. */
export async function startMosh(network, paceMs, address = '10.77.9.2') {
  const server = ['mosh-server', 'new', '-i', address, '-p', `${PORT}`, '--', 'sh', '-c', FAR_SIDE];
  const greeting = network.run('server', 'env', ...settings(ENVIRONMENT), ...server);
  const [, port, key] = /MOSH CONNECT (\d+) (\S+)/.exec(greeting) ?? [];
  // A terminal of its own: script(1) gives it one.
  const command = ['-qfc', `stty rows 24 cols 80; mosh-client ${address} ${port}`, '/dev/null'];
  const client = network.start('client', 'script', command, {
    env: { PATH: process.env.PATH, ...ENVIRONMENT, MOSH_KEY: key },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const answers = [];
  let screen = '';
  let noticed = () => {};
  client.stdout.setEncoding('latin1').on('data', (text) => {
    screen += text;
    noticed();
  });
  let stopped = false;
  const converse = async () => {
    for (let number = 0; !stopped; number += 1) {
      const line = String.fromCharCode(0x61 + (number % 26)).repeat(8);
      screen = '';
      const askedAt = machineTime();
      client.stdin.write(`${line}\n`);
      while (!stopped && !screen.includes(line)) {
        await new Promise((resolve) => {
          noticed = resolve;
        });
      }
      answers.push({ at: machineTime(), askedAt });
      await pause(paceMs);
    }
  };
  const conversation = converse();
  return {
    answers,
    async stop() {
      stopped = true;
      noticed();
      await conversation;
    },
  };
}

function settings(environment) {
  return Object.entries(environment).map(([name, value]) => `${name}=${value}`);
}
