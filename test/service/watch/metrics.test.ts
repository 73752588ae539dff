import { describe, expect, it } from '@jest/globals';
import { type Measured, renderMetrics } from '../../../src/service/watch/metrics.js';

const measured = (given: Partial<Measured> = {}): Measured => ({
  connection: 'ci',
  phase: 'healthy',
  latencyMs: 2.5,
  upMs: 90_000,
  outbox: 3,
  totals: { outages: 2, outageMs: 1_500, attempts: 7 },
  ...given,
});

/** The samples of an exposition, parsed by the rules of the format. Throws at a line that breaks them. */
function samples(text: string): Map<string, number> {
  const found = new Map<string, number>();
  const declared = new Set<string>();
  for (const line of text.trimEnd().split('\n')) {
    const comment = /^# (?:HELP (\w+) .+|TYPE (\w+) (?:gauge|counter))$/.exec(line);
    if (comment) {
      declared.add(comment[2] ?? '');
      continue;
    }
    const sample = /^(\w+)(\{(?:\w+="(?:[^"\\\n]|\\[\\"n])*",?)+\}) (\S+)$/.exec(line);
    if (!sample || !declared.has(sample[1] ?? '')) throw new Error(`not a sample: ${line}`);
    const name = `${sample[1]}${sample[2]}`;
    if (found.has(name)) throw new Error(`twice: ${name}`);
    found.set(name, Number(sample[3]));
  }
  return found;
}

describe('metrics', () => {
  it('are seconds, counts and one phase that is 1', () => {
    const found = samples(renderMetrics([measured()]));
    expect(Object.fromEntries([...found].filter(([name]) => !name.startsWith('stui_phase')))).toEqual({
      'stui_up{connection="ci"}': 1,
      'stui_round_trip_seconds{connection="ci"}': 0.0025,
      'stui_uptime_seconds{connection="ci"}': 90,
      'stui_outbox_entries{connection="ci"}': 3,
      'stui_outages_total{connection="ci"}': 2,
      'stui_outage_seconds_total{connection="ci"}': 1.5,
      'stui_connection_attempts_total{connection="ci"}': 7,
    });
    const phases = [...found].filter(([name, value]) => name.startsWith('stui_phase') && value === 1);
    expect(phases).toEqual([['stui_phase{connection="ci",phase="healthy"}', 1]]);
  });

  it('leave out what is not known while the backend does not answer', () => {
    const found = samples(renderMetrics([measured({ phase: 'waiting', latencyMs: null, upMs: null })]));
    expect(found.get('stui_up{connection="ci"}')).toBe(0);
    expect([...found.keys()].filter((name) => /round_trip|uptime/.test(name))).toEqual([]);
  });

  it('of several connections stand under one declaration each', () => {
    const text = renderMetrics([measured(), measured({ connection: 'staging', phase: 'lost' })]);
    expect(text.match(/# TYPE stui_up /g)).toHaveLength(1);
    expect(samples(text).get('stui_up{connection="staging"}')).toBe(0);
  });

  it('escape what would break out of a label', () => {
    const text = renderMetrics([measured({ connection: 'a"b\\c\nd' })]);
    expect(samples(text).get('stui_up{connection="a\\"b\\\\c\\nd"}')).toBe(1);
  });
});
