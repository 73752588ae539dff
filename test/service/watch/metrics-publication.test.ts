import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { UsageError } from '../../../src/cli/errors.js';
import { MetricsFile, publishMetrics } from '../../../src/service/watch/metrics-publication.js';
import { temporaryDirectory } from '../../local/temporary.js';

const ignore = () => {};

function listening(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ server, port: (server.address() as AddressInfo).port }));
  });
}

async function freePort(): Promise<number> {
  const { server, port } = await listening();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('a metrics file', () => {
  it('has the first state at once and the last one in the end, and leaves nothing beside it', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'stui.prom');
    let text = 'first\n';
    const publication = await publishMetrics(path, () => text, ignore);
    expect(readFileSync(path, 'utf8')).toBe('first\n');
    text = 'last\n';
    await publication.stop();
    expect(readFileSync(path, 'utf8')).toBe('last\n');
    expect(readdirSync(directory)).toEqual(['stui.prom']);
  });

  it('that a link leads to is written there, and the link stays', async () => {
    const directory = temporaryDirectory();
    symlinkSync('target.prom', join(directory, 'link.prom'));
    const publication = await publishMetrics(join(directory, 'link.prom'), () => 'text\n', ignore);
    await publication.stop();
    expect(readdirSync(directory)).toEqual(['link.prom', 'target.prom']);
    expect(lstatSync(join(directory, 'link.prom')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(directory, 'target.prom'), 'utf8')).toBe('text\n');
  });

  it('that is a pipe which nobody reads holds nothing up, and stays a pipe', async () => {
    const path = join(temporaryDirectory(), 'pipe');
    execFileSync('mkfifo', [path]);
    const warnings: string[] = [];
    const publication = await publishMetrics(
      path,
      () => 'text\n',
      (message) => warnings.push(message),
    );
    await publication.stop();
    expect(lstatSync(path).isFIFO()).toBe(true);
    expect(warnings.join()).toContain('ENXIO');
  });

  it('that cannot be written is a mistake at the start', async () => {
    const path = join(temporaryDirectory(), 'missing', 'stui.prom');
    await expect(publishMetrics(path, () => '', ignore)).rejects.toThrow(UsageError);
  });

  it('that cannot be written later is said once, and written again when it can be', async () => {
    const directory = join(temporaryDirectory(), 'place');
    mkdirSync(directory);
    const warnings: string[] = [];
    const file = new MetricsFile(join(directory, 'stui.prom'), (message) => warnings.push(message));
    await file.write(() => 'one\n');
    renameSync(directory, `${directory}-away`);
    await file.write(() => 'two\n');
    await file.write(() => 'three\n');
    expect(warnings).toHaveLength(1);
    renameSync(`${directory}-away`, directory);
    await file.write(() => 'four\n');
    expect(readFileSync(join(directory, 'stui.prom'), 'utf8')).toBe('four\n');
    rmSync(directory, { recursive: true });
    await file.write(() => 'five\n');
    expect(warnings).toHaveLength(2);
  });

  it('is the old one while a new one cannot be finished', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'stui.prom');
    writeFileSync(path, 'old\n');
    const file = new MetricsFile(path, ignore);
    await file.write(() => {
      throw new Error('no state');
    });
    expect(readFileSync(path, 'utf8')).toBe('old\n');
  });
});

describe('a metrics port', () => {
  it('serves /metrics on loopback, and nothing else', async () => {
    const port = await freePort();
    const publication = await publishMetrics(String(port), () => 'stui_up 1\n', ignore);
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/metrics?x=1`);
      expect(answer.headers.get('content-type')).toContain('version=0.0.4');
      expect(await answer.text()).toBe('stui_up 1\n');
      expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
      expect((await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'POST' })).status).toBe(404);
      // Another address of this machine, which a server on all interfaces would answer at.
      await expect(fetch(`http://127.0.0.2:${port}/metrics`)).rejects.toThrow();
    } finally {
      await publication.stop();
    }
    await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
  });

  it('answers only to who asks for this machine by its own name', async () => {
    const port = await freePort();
    const publication = await publishMetrics(String(port), () => 'stui_up 1\n', ignore);
    const status = (host: string) =>
      new Promise((resolve, reject) => {
        const request = get({ host: '127.0.0.1', port, path: '/metrics', headers: { host }, agent: false });
        request.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
      });
    try {
      const own = ['127.0.0.1', `127.0.0.1:${port}`, `localhost:${port}`, 'LOCALHOST', `[::1]:${port}`];
      for (const host of own) expect([host, await status(host)]).toEqual([host, 200]);
      const foreign = ['example.com', `example.com:${port}`, '127.0.0.1.example.com', 'localhost.example.com'];
      for (const host of foreign) expect([host, await status(host)]).toEqual([host, 421]);
    } finally {
      await publication.stop();
    }
  });

  it('that is in use, or is none, is a mistake', async () => {
    const { server, port } = await listening();
    await expect(publishMetrics(String(port), () => '', ignore)).rejects.toThrow(UsageError);
    server.close();
    for (const none of ['0', '65536']) await expect(publishMetrics(none, () => '', ignore)).rejects.toThrow(UsageError);
  });
});
