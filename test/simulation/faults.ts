/** What goes wrong while the workload runs: drawn beforehand, at times of their own. All of it is over at the healing. */
import type { FaultKind } from './conditions.js';
import type { World } from './world.js';

export function planFaults(world: World): void {
  const { random, scheduler, conditions } = world;
  for (let count = 0; count < conditions.faultCount; count++) {
    const kind = random.pick(conditions.faults);
    scheduler.after(random.next() * conditions.healAt, () => strike(world, kind));
  }
}

/** Whoever has just been started is at its most delicate. */
const AFTER_START_SHARE = 0.4;
const AFTER_START_MS = 100;

export function planFaultAfterStart(world: World): void {
  const { random, scheduler, conditions } = world;
  if (conditions.faultCount === 0 || world.healed || !random.chance(AFTER_START_SHARE)) return;
  scheduler.after(random.next() * AFTER_START_MS, () => strike(world, random.pick(conditions.faults)));
}

function strike(world: World, kind: FaultKind): void {
  const { random, scheduler, conditions, network, disk } = world;
  if (world.healed) return;
  const machine = random.pick(world.machines);
  const until = Math.min(conditions.healAt, scheduler.now + random.delay(20, conditions.healAt));
  world.note(`fault: ${kind}, until ${until.toFixed(0)}`);
  switch (kind) {
    case 'backend crash':
      world.backend.crash();
      break;
    case 'backend stop':
      void world.backend.stop();
      break;
    case 'engine crash':
      for (const engine of [...world.engines]) engine.die();
      break;
    case 'no engine':
      world.noEngineUntil = until;
      world.noEngineCode = random.pick(['EACCES', 'EMFILE']);
      break;
    case 'deaf engines':
      world.deafEnginesUntil = until;
      break;
    case 'client crash':
      machine.crash();
      break;
    case 'partition': {
      const direction = random.pick(['both', 'up', 'down'] as const);
      if (direction !== 'down') machine.upBlockedUntil = until;
      if (direction !== 'up') machine.downBlockedUntil = until;
      break;
    }
    case 'reset':
      network.reset(machine, random.chance(0.5));
      break;
    case 'silence':
      network.silentUntil = until;
      break;
    case 'full disk':
      disk.fullUntil = until;
      break;
    case 'slow disk':
      disk.slowUntil = until;
      break;
    case 'news':
      world.tellClients(random.pick(['network', 'woke', 'attempt'] as const));
  }
}
