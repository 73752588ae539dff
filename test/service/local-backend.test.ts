import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ownIdentity } from '../../src/files/process-identity.js';
import { findBackend, findBackendAt, type Surroundings } from '../../src/service/local-backend.js';
import { temporaryDirectory } from '../local/temporary.js';

const SILENCE: Surroundings = { ask: async () => undefined };

const ENDPOINT = 'tcp://127.0.0.1:5555';

/** A data directory with the record of a backend that has this process's id. */
function leftBy(directory: string, more: object = {}): string {
  mkdirSync(directory, { recursive: true });
  const record = { pid: process.pid, endpoint: ENDPOINT, version: '0.1.0', startedAt: '2026-01-01T00:00:00.000Z' };
  writeFileSync(join(directory, 'backend.json'), JSON.stringify({ ...record, ...more }));
  return directory;
}

function answering(dataDirectory: string, pid = process.pid): Surroundings {
  return { ask: async () => ({ pid, dataDirectory }) };
}

describe('the backend of a data directory', () => {
  it('is none where none left a record', async () => {
    expect(await findBackend(temporaryDirectory(), SILENCE)).toBeUndefined();
  });

  it('is the process that wrote the record, though it does not answer', async () => {
    const directory = leftBy(temporaryDirectory(), { processStart: ownIdentity().startedAt });
    expect(await findBackend(directory, SILENCE)).toMatchObject({ standing: 'running' });
  });

  it('is none when another process has its id by now', async () => {
    const directory = leftBy(temporaryDirectory(), { processStart: '1-000000000000' });
    expect(await findBackend(directory, SILENCE)).toBeUndefined();
  });

  it('is one that cannot be sent a signal when it answers, and its process is not the one with its id here', async () => {
    const directory = leftBy(temporaryDirectory(), { processStart: '1-000000000000' });
    expect(await findBackend(directory, answering(directory))).toMatchObject({ standing: 'elsewhere' });
  });

  it('of an earlier version is the one that answers with the same process id and data directory', async () => {
    const directory = leftBy(temporaryDirectory());
    expect(await findBackend(directory, answering(directory))).toMatchObject({ standing: 'running' });
    expect(await findBackend(directory, answering(temporaryDirectory()))).toMatchObject({ standing: 'unsure' });
    expect(await findBackend(directory, answering(directory, 1))).toMatchObject({ standing: 'unsure' });
    expect(await findBackend(directory, SILENCE)).toMatchObject({ standing: 'unsure' });
  });
});

describe('the backend at an endpoint', () => {
  it('is found where it keeps its data, wherever that is', async () => {
    const directory = leftBy(temporaryDirectory(), { processStart: ownIdentity().startedAt });
    const paths = { data: temporaryDirectory() };
    const found = await findBackendAt(ENDPOINT, paths, answering(directory));
    expect(found).toMatchObject({ standing: 'running', dataDirectory: directory });
  });

  it('is found in this home when it does not answer, also on a port that it chose itself', async () => {
    const paths = { data: temporaryDirectory() };
    const directory = join(paths.data, 'backends', 'tcp-127.0.0.1-0');
    leftBy(directory, { processStart: ownIdentity().startedAt });
    const found = await findBackendAt(ENDPOINT, paths, SILENCE);
    expect(found).toMatchObject({ standing: 'running', dataDirectory: directory });
  });

  it('is none of this machine when what answers left no record here', async () => {
    expect(await findBackendAt(ENDPOINT, { data: temporaryDirectory() }, answering('/nowhere'))).toBeUndefined();
  });
});
