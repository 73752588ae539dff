/** Lives of a session as users lead them, through the real host: what every property about journals starts from. */
import fc from 'fast-check';
import type { SessionHost } from '../../src/backend/session-host.js';
import { backend, create, order, quiet, type Rig, successor } from './rig.js';

export type Step =
  | { readonly do: 'evaluate'; readonly code: string; readonly client: string }
  | { readonly do: 'redacted' | 'save' | 'close' | 'kill engine' | 'kill backend' | 'stop backend' }
  | { readonly do: 'context'; readonly patch: Record<string, unknown>; readonly back: number }
  | { readonly do: 'resolve'; readonly choice: 'ours' | 'theirs' | 'union' }
  | { readonly do: 'restore'; readonly strategy: 'snapshot' | 'replay' | 'none'; readonly back: number | undefined }
  | { readonly do: 'rename' | 'label' | 'share' | 'unshare' | 'record'; readonly name: string }
  | { readonly do: 'pass'; readonly ms: number };

const CODES = [
  'x := 1',
  'x := 2',
  'y := 3',
  'b := 4',
  'big x',
  'big z',
  'block b',
  'block y',
  'forget x',
  'x',
  'raise',
];
const name = fc.constantFrom('a', 'constructor', '__proto__', 'long/name');
const value = fc.constantFrom<unknown>(null, 1, 'one\ntwo\n', 'one\n', { inner: 1 }, { inner: { deep: [null] } });
const patch = fc.dictionary(fc.constantFrom('buffer', 'mine', 'constructor', '__proto__'), value, { maxKeys: 2 });
const client = fc.constantFrom('tester', 'other');

function evaluate(codes: readonly string[]): fc.Arbitrary<Step> {
  return fc.tuple(fc.constantFrom(...codes), client).map(([code, who]) => ({ do: 'evaluate', code, client: who }));
}

const context: fc.Arbitrary<Step> = fc
  .tuple(patch, fc.nat(12))
  .map(([each, back]) => ({ do: 'context', patch: validated(each), back }));

/** A buffer is text. */
function validated(each: Record<string, unknown>): Record<string, unknown> {
  const { buffer, ...rest } = each;
  return buffer === null || typeof buffer === 'string' ? each : rest;
}

const restore: fc.Arbitrary<Step> = fc
  .tuple(fc.constantFrom('snapshot', 'snapshot', 'replay', 'none'), fc.option(fc.nat(30), { nil: undefined }))
  .map(([strategy, back]) => ({ do: 'restore', strategy, back }) as Step);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: evaluate([...CODES, 'class A', 'class B', 'die']) },
  { weight: 3, arbitrary: context },
  { weight: 3, arbitrary: restore },
  fc.constantFrom('ours', 'theirs', 'union').map((choice) => ({ do: 'resolve', choice }) as Step),
  fc.constantFrom('redacted', 'save', 'close', 'kill engine', 'kill backend', 'stop backend').map((it) => ({
    do: it,
  })) as fc.Arbitrary<Step>,
  fc
    .tuple(fc.constantFrom('rename', 'label', 'share', 'unshare', 'record'), name)
    .map(([it, text]) => ({ do: it, name: text }) as Step),
  fc.constantFrom(50, 250, 5000).map((ms) => ({ do: 'pass', ms }) as Step),
);

export const lives: fc.Arbitrary<Step[]> = fc.array(step, { minLength: 1, maxLength: 25 });

export interface Life {
  rig: Rig;
  host: SessionHost;
  readonly id: string;
  /** What the engine held when an entry was committed; undefined while there was none. */
  readonly held: Map<number, Readonly<Record<string, string>> | undefined>;
}

export async function live(steps: readonly Step[]): Promise<Life> {
  const rig = backend();
  await rig.registry.start();
  const host = await create(rig);
  const life: Life = { rig, host, id: host.state.id, held: new Map() };
  rig.journal.onCommit((id, entries) => {
    const engine = life.rig.engines.newest;
    for (const { entry } of entries)
      if (id === life.id) life.held.set(entry.seq, engine?.hasEnded ? undefined : engine?.values);
  });
  for (const each of steps) await take(life, each);
  await life.rig.clock.pass(100);
  return life;
}

async function take(life: Life, each: Step): Promise<void> {
  const { rig, host } = life;
  const { state } = host;
  switch (each.do) {
    case 'evaluate':
      await unlessClosed(host, () => host.evaluate(order(each.code, each.client)));
      break;
    case 'redacted':
      await unlessClosed(host, () => host.evaluate({ ...order('y := 7'), recordAs: 'y := [redacted]' }));
      break;
    case 'context':
      await unlessClosed(host, async () => {
        const base = Math.max(0, state.revision - each.back);
        const change = host.contexts.change({ patch: each.patch, client: 'other', base, key: order('').key });
        await Promise.all([change, rig.clock.pass(100)]);
      });
      break;
    case 'resolve':
      await unlessClosed(host, async () => {
        const [conflict] = state.conflicts;
        const decision = { choice: each.choice, client: 'tester' };
        if (conflict) await host.contexts.resolve(conflict.id, decision).catch(onlyNotResolvable);
      });
      break;
    case 'restore': {
      const { strategy, back } = each;
      const at = back === undefined ? undefined : Math.max(1, state.revision - back);
      await host.restore({ plan: false, strategy, client: 'tester', at });
      break;
    }
    case 'save':
      await unlessClosed(host, () => host.save());
      break;
    case 'close':
      await host.close('requested', 'tester');
      break;
    case 'rename':
      await host.rename(each.name, 'tester');
      break;
    case 'label':
      await host.label(Object.fromEntries([[each.name, each.name]]), 'tester');
      break;
    case 'share':
      await host.share([each.name], 'tester');
      break;
    case 'unshare':
      await host.unshare(each.name === 'a' ? null : [each.name], 'tester');
      break;
    case 'record':
      await unlessClosed(host, () => host.record([{ type: 'recorded', code: each.name, source: 'file' }], 'tester'));
      break;
    case 'pass':
      host.attendance.attach('other', each.ms);
      await rig.clock.pass(each.ms);
      await host.attendance.detach('other');
      break;
    case 'kill engine':
      rig.engines.newest?.die();
      await quiet();
      break;
    case 'stop backend':
      await rig.registry.stop(0);
      await replace(life);
      break;
    case 'kill backend':
      await replace(life);
      break;
  }
}

async function replace(life: Life): Promise<void> {
  life.rig = await successor(life.rig);
  life.host = life.rig.registry.find(life.id);
}

async function unlessClosed(host: SessionHost, task: () => Promise<unknown>): Promise<void> {
  if (!host.state.closed) await task();
}

function onlyNotResolvable(error: Error & { type?: string }): void {
  if (error.type !== 'NotResolvable') throw error;
}
