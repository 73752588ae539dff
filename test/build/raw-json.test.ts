import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

/** They read what stui or a backend wrote; what people write would lose its large numbers in `JSON.parse`. */
const READING_OUR_OWN = [
  'local/backend-process.ts',
  'local/store-contents.ts',
  'service/archive-file.ts',
  'service/journal-inputs.ts',
  'service/watch/running.ts',
];

it('JSON that people write is parsed so that it comes back as it was written', () => {
  const folders = ['cli', 'commands', 'local', 'service'];
  const files = folders.flatMap((folder) =>
    readdirSync(join('src', folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  );
  const parsing = files.filter(
    (name) => name.endsWith('.ts') && readFileSync(join('src', name), 'utf8').includes('JSON.parse('),
  );
  expect(parsing.sort()).toEqual(READING_OUR_OWN);
});
