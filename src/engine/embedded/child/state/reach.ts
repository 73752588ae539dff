/** Which roots reach what: pure questions to a finished walk. */
import type { Walk, WalkedNode, WalkedObject } from './walk.js';

/** The objects in `sources`, and those that refer to one of them, directly or through others. */
export function objectsReaching(walk: Walk, isSource: (object: WalkedObject) => boolean): Set<WalkedObject> {
  const reached = new Set(walk.objects.filter(isSource));
  if (reached.size === 0) return reached;
  const referrers = new Map<WalkedObject, WalkedObject[]>();
  for (const object of walk.objects) {
    for (const child of object.children) {
      const known = referrers.get(child);
      if (known === undefined) referrers.set(child, [object]);
      else known.push(object);
    }
  }
  const queue = [...reached];
  for (let object = queue.pop(); object !== undefined; object = queue.pop()) {
    for (const referrer of referrers.get(object) ?? []) {
      if (reached.has(referrer)) continue;
      reached.add(referrer);
      queue.push(referrer);
    }
  }
  return reached;
}

/** Everything reachable from some of the roots. */
export function objectsReachedBy(nodes: Iterable<WalkedNode>): Set<WalkedObject> {
  const reached = new Set<WalkedObject>();
  const queue: WalkedNode[] = [...nodes];
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    for (const child of node.children) {
      if (reached.has(child)) continue;
      reached.add(child);
      queue.push(child);
    }
  }
  return reached;
}

/** Of a long way, what is told of its beginning and of its end: the reason stands in the journal at every capture. */
const SHOWN_STEPS = 4;

/** What keeps a root from being saved and the way to it, as `holds a BlockClosure at #(#handlers 1)`. */
export function obstacleReason(root: WalkedNode): string {
  if (root.obstacle !== undefined) return `is ${root.obstacle.what}`;
  const cameFrom = new Map<WalkedNode, { readonly node: WalkedNode; readonly key: string }>();
  const queue: WalkedNode[] = [root];
  for (let index = 0; index < queue.length; index += 1) {
    const node = queue[index] as WalkedNode;
    if (node.obstacle !== undefined) return `holds ${node.obstacle.what}${at(pathTo(node, cameFrom))}`;
    node.children.forEach((child, childIndex) => {
      if (child === root || cameFrom.has(child)) return;
      cameFrom.set(child, { node, key: node.keys[childIndex] as string });
      queue.push(child);
    });
  }
  return 'cannot be saved';
}

function pathTo(
  node: WalkedNode,
  cameFrom: ReadonlyMap<WalkedNode, { readonly node: WalkedNode; readonly key: string }>,
): string[] {
  const backwards = [node.obstacle?.key ?? ''];
  for (let step = cameFrom.get(node); step !== undefined; step = cameFrom.get(step.node)) backwards.push(step.key);
  return backwards.reverse().filter((key) => key !== '');
}

function at(path: readonly string[]): string {
  if (path.length === 0) return '';
  if (path.length <= 2 * SHOWN_STEPS) return ` at #(${path.join(' ')})`;
  const [first, last] = [path.slice(0, SHOWN_STEPS), path.slice(-SHOWN_STEPS)];
  return ` at #(${first.join(' ')} … ${last.join(' ')}), ${path.length} steps away`;
}
