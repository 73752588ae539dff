/** Keeps the grants in one small file beside the journal, written whole. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { renameDurably, writeDurably } from '../files/durable-file.js';
import { mapping } from '../session/mapping.js';
import type { Grants } from './visibility.js';

const FILE = 'grants.json';

const Contents = v.object({ version: v.literal(1), sessions: mapping(v.string(), v.array(v.string())) });

export class GrantsFile implements Grants {
  #writing: Promise<void> = Promise.resolve();
  /** Changes made, and how many of them the file has. */
  #changes = 0;
  #saved = 0;

  private constructor(
    private readonly file: string,
    private readonly clients: Map<string, Set<string>>,
  ) {}

  /** A file that cannot be read grants nothing: it is kept aside, and sessions are imported again to be seen. */
  static async open(directory: string, log: (message: string) => void): Promise<GrantsFile> {
    const file = join(directory, FILE);
    try {
      const { sessions } = v.parse(Contents, JSON.parse(await readFile(file, 'utf8')));
      return new GrantsFile(file, new Map(Object.entries(sessions).map(([id, clients]) => [id, new Set(clients)])));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        const kept = `${file}.damaged-${Date.now()}`;
        renameDurably(file, kept);
        log(`${file} is damaged and was kept as ${kept}: ${(error as Error).message}`);
      }
      return new GrantsFile(file, new Map());
    }
  }

  has(session: string, client: string): boolean {
    return this.clients.get(session)?.has(client) ?? false;
  }

  async add(session: string, client: string): Promise<void> {
    if (!this.has(session, client)) {
      this.clients.set(session, new Set([...(this.clients.get(session) ?? []), client]));
      this.#changes += 1;
    }
    await this.#save();
  }

  async remove(session: string): Promise<void> {
    if (this.clients.delete(session)) this.#changes += 1;
    await this.#save();
  }

  /** Who asks for what another request writes just now, or could not write, has to wait for it, too. */
  #save(): Promise<void> {
    const wanted = this.#changes;
    const write = () => (this.#saved < wanted ? this.#write() : undefined);
    this.#writing = this.#writing.catch(() => {}).then(write);
    return this.#writing;
  }

  async #write(): Promise<void> {
    const changes = this.#changes;
    const sessions = Object.fromEntries([...this.clients].map(([id, clients]) => [id, [...clients]]));
    writeDurably(this.file, `${JSON.stringify({ version: 1, sessions })}\n`);
    this.#saved = changes;
  }
}
