import { describe, expect, it } from '@jest/globals';
import { difference, takeSnapshot } from '../../../src/client/network/snapshot.js';

describe('a snapshot of the network', () => {
  it('equals the next one while nothing changes', () => {
    expect(difference(takeSnapshot(), takeSnapshot())).toEqual([]);
  });

  it('names the loopback address', () => {
    expect(takeSnapshot().join('\n')).toMatch(/127\.0\.0\.1|::1/);
  });

  it('differs by what went and what came', () => {
    expect(difference(['eth0 10.0.0.1', 'lo 127.0.0.1'], ['eth0 10.0.0.2', 'lo 127.0.0.1'])).toEqual([
      '- eth0 10.0.0.1',
      '+ eth0 10.0.0.2',
    ]);
  });
});
