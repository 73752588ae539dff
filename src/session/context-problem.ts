/** What the known parts of a workspace context have to be. Parts of foreign clients are theirs alone. */
import { isObject, type JsonObject, member } from './json.js';
import { layoutProblem } from './layout.js';

/** @returns a sentence with the path of what is wrong, or undefined when nothing is. */
export function contextProblem(context: JsonObject): string | undefined {
  const [buffer, layout, preferences] = ['buffer', 'layout', 'preferences'].map((part) => member(context, part));
  if (buffer !== undefined && typeof buffer !== 'string') return 'buffer is not a text.';
  if (preferences !== undefined && !isObject(preferences)) return 'preferences is not an object.';
  return layout === undefined ? undefined : layoutProblem(layout);
}
