import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** @returns the TypeScript sources below a folder, in a stable order; none when there is no such folder */
export function sourcesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .sort()
    .map((name) => join(folder, name));
}
