/** One seed, from beginning to end: work under faults, healing, an orderly look at what is left. */

import { planFaults } from './faults.js';
import { drawOrders, type Order } from './order.js';
import { checkPromises } from './promises.js';
import { User } from './user.js';
import { AS_BUILT, type Variant } from './variant.js';
import { World } from './world.js';

export interface Report {
  readonly seed: number;
  readonly violations: readonly string[];
  /** Two runs of a seed have the same. */
  readonly traceHash: string;
  /** Evaluations that ended. */
  readonly evaluations: number;
}

/** Everything has to be answered this long after the healing, in ms. */
const PATIENCE_MS = 180_000;

/** Time for saving what was too big to be saved at once, in ms. */
const SETTLING_MS = 1_000;

/** Time after which a session whose state is saved sleeps, in ms. */
const SLEEPING_MS = 11 * 60_000;

export async function simulate(
  seed: number,
  variant: Variant = AS_BUILT,
  print?: (line: string) => void,
): Promise<Report> {
  const world = new World(seed, variant, print);
  const { conditions, random, scheduler } = world;
  world.note(JSON.stringify(conditions));
  await createSessions(world);
  world.begin();
  planFaults(world);
  const users = world.machines.flatMap((machine) => {
    const orders = drawOrders(random, machine.name, world.sessions, conditions.ordersPerClient);
    return Array.from({ length: conditions.width }, () => new User(world, machine, orders));
  });
  const answered = await allAnswered(world, users, conditions.healAt + PATIENCE_MS);
  if (answered) {
    await pass(world, Math.max(0, conditions.healAt - scheduler.now) + SETTLING_MS);
    await newBeginning(world);
    await lookAgain(world);
  }
  world.backend.process.end();
  for (const machine of world.machines) machine.crash();
  const { violations, told } = world.account;
  return { seed, violations, traceHash: world.trace.hash, evaluations: told.size };
}

async function createSessions(world: World): Promise<void> {
  let created = 0;
  const { registry } = world.backend;
  for (const id of world.sessions) {
    void registry.create({ id, name: id, labels: {}, client: 'tester' }).then(async (host) => {
      // The machines are clients of their own.
      await host.share(null, 'tester');
      created += 1;
    });
  }
  await world.scheduler.run(() => created === world.sessions.length, PATIENCE_MS);
}

async function allAnswered(world: World, users: readonly User[], until: number): Promise<boolean> {
  let atWork = users.length;
  for (const user of users) {
    void user.work().then(() => {
      atWork -= 1;
    });
  }
  try {
    const done = await world.scheduler.run(() => atWork === 0 || world.account.violations.length > 0, until);
    if (!done) world.violated('somebody still waits for an answer');
  } catch (error) {
    world.violated((error as Error).message);
  }
  return world.account.violations.length === 0;
}

async function pass(world: World, ms: number): Promise<void> {
  await world.scheduler.run(() => false, world.scheduler.now + ms);
}

/** The backend goes on, sleeps, is stopped or dies, now that nothing is under way. */
async function newBeginning(world: World): Promise<void> {
  checkPromises(world);
  const way = world.random.pick(['on', 'sleep', 'stop', 'crash'] as const);
  if (way === 'sleep') await pass(world, SLEEPING_MS);
  if (way === 'stop') void world.backend.stop();
  if (way === 'crash') world.backend.crash();
  await pass(world, SETTLING_MS);
}

/** What the sessions hold afterwards is what the answers said. */
async function lookAgain(world: World): Promise<void> {
  const machine = world.machines[0];
  if (!machine) return;
  const orders: Order[] = world.sessions.flatMap((session) =>
    ['a := a + 1', world.random.pick(['b', 'big', 'block'])].map((action, index) => {
      const key = `look-${session}-${index}`;
      return { key, session, code: `${action}. "${key}"`, timeoutMs: 1_000 };
    }),
  );
  if (await allAnswered(world, [new User(world, machine, orders)], world.scheduler.now + PATIENCE_MS))
    checkPromises(world);
}
