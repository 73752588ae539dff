/**
 * Deliberate mistakes, one a time, each with the test that has to fail with it: proof that the tests would see a mistake of
 * its kind. A mistake is a text of a source file and what takes its place; the text has to be there exactly once.
 */

const AWAIT = 'an await between a read and the write that depends on it';
const OWNERSHIP = 'ownership that is lost or not cleared on a failure path';
const CONTENT = 'a name compared without what it stands for';
const STALE = 'something kept after its end';
const ORDER = 'an answer matched by its order';
const CLOCK = 'a clock that counts time which nobody was given';

/** Seeds that find each of these; the whole test runs 10,000. */
const SIMULATED = {
  test: 'test/simulation/simulation.test.ts',
  only: 'simulated worlds',
  env: { STUI_SIMULATION_SEEDS: '200' },
};

const AWAITED_SPARE = {
  file: 'src/engine/warm-factory.ts',
  from: `  #takeSpare(): Launched | undefined {
    const [spare] = this.#spares;`,
  to: `  async #takeSpare(): Launched {
    const [spare] = this.#spares;
    await spare;`,
};

const UNREFUSED_CLAIM = {
  file: 'src/engine/process.ts',
  from: 'if (this.#owner !== undefined) {',
  to: 'if (this.#owner === owner) {',
};

const UNCHECKED_ANSWER = {
  file: 'src/backend/session-host.ts',
  from: 'if (engine.owner === this.state.id && (this.#engine === undefined || this.#engine === engine)) return;',
  to: 'if (engine.pid > 0) return;',
};

/** @type {readonly import('./list.mjs').Mutation[]} */
export const MUTATIONS = [
  {
    name: 'the spare is awaited before it is forgotten: sessions that begin at once share it',
    kind: AWAIT,
    changes: [AWAITED_SPARE],
    test: 'test/engine/warm-factory.test.ts',
  },
  {
    name: 'the same, in the simulator',
    kind: AWAIT,
    changes: [AWAITED_SPARE],
    ...SIMULATED,
  },
  {
    name: 'the same, with neither the claim refused nor the answer checked, in the simulator',
    kind: AWAIT,
    changes: [AWAITED_SPARE, UNREFUSED_CLAIM, UNCHECKED_ANSWER],
    ...SIMULATED,
  },
  {
    name: 'the same, with neither the claim refused nor the answer checked, in the backend',
    kind: AWAIT,
    changes: [AWAITED_SPARE, UNREFUSED_CLAIM, UNCHECKED_ANSWER],
    test: 'test/backend/engines.test.ts',
  },
  {
    name: 'the name of a session is looked at, and reserved only when the session is there',
    kind: AWAIT,
    changes: [
      {
        file: 'src/backend/registry.ts',
        from: '    this.#reserved.set(reservation, { client, forNew });\n',
        to: '',
      },
    ],
    test: 'test/backend/sessions.test.ts',
  },
  {
    name: 'sessions that are being made do not count towards the limit of their client',
    kind: AWAIT,
    changes: [
      {
        file: 'src/backend/registry.ts',
        from: 'if (owned + coming < maxSessions) return;',
        to: 'if (owned + 0 * coming < maxSessions) return;',
      },
    ],
    test: 'test/backend/at-once.test.ts',
  },
  {
    name: 'an archive is filed while another import of the session is under way',
    kind: AWAIT,
    changes: [
      {
        file: 'src/backend/registry.ts',
        from: 'return await lane.run(() => this.#import(archive, request));',
        to: 'return await this.#import(archive, request);',
      },
    ],
    test: 'test/backend/at-once.test.ts',
  },
  {
    name: 'a second discard of the startup snapshot finds the first one under way, and forgets what came since',
    kind: AWAIT,
    changes: [
      {
        file: 'src/engine/embedded/snapshot.ts',
        from: `    const discarded = this.#blob;
    this.#blob = Promise.resolve(undefined);
    const path = await discarded;`,
        to: `    const path = await this.#blob;
    this.#blob = Promise.resolve(undefined);`,
      },
    ],
    test: 'test/engine/embedded/snapshot.test.ts',
  },
  {
    name: 'an engine is claimed by a second owner',
    kind: OWNERSHIP,
    changes: [UNREFUSED_CLAIM],
    test: 'test/engine/warm-factory.test.ts',
  },
  {
    name: 'an answer is journaled whoever owns the engine',
    kind: OWNERSHIP,
    changes: [UNCHECKED_ANSWER],
    test: 'test/backend/engines.test.ts',
  },
  {
    name: 'a session keeps the engine that has ended',
    kind: OWNERSHIP,
    changes: [
      {
        file: 'src/backend/session-host.ts',
        from: `      if (this.#engine !== engine) return;
      this.#engine = undefined;`,
        to: '      if (this.#engine !== engine) return;',
      },
    ],
    test: 'test/backend/sessions.test.ts',
  },
  {
    name: "an engine that could not be given the state of the session goes on running, nobody's",
    kind: OWNERSHIP,
    changes: [
      {
        file: 'src/backend/restore-loading.ts',
        from: '    await engine.stop();\n    return { error',
        to: '    return { error',
      },
    ],
    test: 'test/backend/engines.test.ts',
  },
  {
    name: 'what the code of a session has started is left when its engine ends',
    kind: OWNERSHIP,
    changes: [{ file: 'src/engine/child-channel.ts', from: "      signalGroup(child.pid, 'SIGKILL');\n", to: '' }],
    test: 'test/engine/embedded/process.test.ts',
    only: 'what code of the session has started ends',
  },
  {
    name: 'a factory that is closed hands out the engine of a start under way',
    kind: OWNERSHIP,
    changes: [
      {
        file: 'src/engine/warm-factory.ts',
        from: '    if (this.#closed) {\n      await engine.stop();',
        to: '    if (engine.pid < 0) {\n      await engine.stop();',
      },
    ],
    test: 'test/engine/warm-factory.test.ts',
  },
  {
    name: 'a key gets the first answer, whatever code comes with it',
    kind: CONTENT,
    changes: [
      {
        file: 'src/backend/session-host.ts',
        from: 'if (known.code !== (request.recordAs ?? request.code)) {',
        to: 'if (known.code === undefined) {',
      },
    ],
    test: 'test/backend/sessions.test.ts',
  },
  {
    name: 'what comes on the pipe is an answer, whatever nonce it carries',
    kind: CONTENT,
    changes: [
      {
        file: 'src/engine/process.ts',
        from: 'if (message.nonce !== this.nonce) {',
        to: 'if (message.nonce === undefined) {',
      },
    ],
    test: 'test/engine/warm-factory.test.ts',
  },
  {
    name: 'a spare that has died is kept',
    kind: STALE,
    changes: [
      {
        file: 'src/engine/warm-factory.ts',
        from: '        void engine.exited.then(forget);\n',
        to: '',
      },
    ],
    test: 'test/engine/warm-factory.test.ts',
  },
  {
    name: 'a spare is given away without a sign of life',
    kind: STALE,
    changes: [{ file: 'src/engine/warm-factory.ts', from: '      await spare.ping(SPARE_PING_MS);\n', to: '' }],
    test: 'test/engine/warm-factory.test.ts',
  },
  {
    name: "an engine's answer goes to the call that waits longest",
    kind: ORDER,
    changes: [
      {
        file: 'src/engine/process.ts',
        from: 'const index = this.#pending.findIndex((each) => each.id === id);',
        to: 'const index = this.#pending.findIndex((each) => each.id <= id);',
      },
    ],
    test: 'test/engine/process.test.ts',
  },
  {
    name: 'a deadline counts the time in which the process was stopped',
    kind: CLOCK,
    changes: [
      {
        file: 'src/time/deadline.ts',
        from: 'return took > this.#stepMs + STOPPED_AFTER_MS ? this.#stepMs : took;',
        to: 'return took;',
      },
    ],
    test: 'test/time/deadline.test.ts',
  },
  {
    name: 'what Node throws where a process cannot be started is not told as that',
    kind: 'a failure that comes in another way',
    changes: [
      { file: 'src/process/spawn.ts', from: '      failed(error as Error);', to: '      reject(error as Error);' },
    ],
    test: 'test/process/spawn.test.ts',
  },
  {
    name: 'no engine makes room for another one',
    kind: 'a remedy that is not applied',
    changes: [
      {
        file: 'src/backend/engine-room.ts',
        from: '!(error instanceof EngineUnavailable && error.isForScarcity) || ',
        to: 'error instanceof EngineUnavailable || ',
      },
    ],
    test: 'test/backend/engines.test.ts',
  },
  {
    name: 'a link forgets the pings of the sockets that go on',
    kind: STALE,
    changes: [{ file: 'src/client/link.ts', from: 'if (ping.lane === lane)', to: 'if (ping.lane !== lane)' }],
    test: 'test/client/link.test.ts',
  },
  {
    name: 'a request is sent again on the socket that it is under way on, and on no other',
    kind: STALE,
    changes: [
      {
        file: 'src/client/backend-client.ts',
        from: 'if (waiting.lane !== lane) {',
        to: 'if (waiting.lane === lane) {',
      },
    ],
    test: 'test/client/link.test.ts',
  },
  {
    name: 'presence is renewed after a leave',
    kind: STALE,
    changes: [
      {
        file: 'src/client/presence.ts',
        from: 'if (!this.#left) stay.cancelRenewal',
        to: 'if (this.#left) stay.cancelRenewal',
      },
    ],
    test: 'test/client/presence.test.ts',
  },
  {
    name: 'a link takes the time in which its process was stopped for silence',
    kind: CLOCK,
    changes: [
      {
        file: 'src/client/link.ts',
        from: 'if (late > STOPPED_AFTER_MS)',
        to: 'if (late > Number.POSITIVE_INFINITY)',
      },
    ],
    test: 'test/client/link.test.ts',
  },
  {
    name: 'idleness believes the time that is written on what is new',
    kind: CLOCK,
    changes: [
      {
        file: 'src/backend/idleness.ts',
        from: 'Math.min(this.#since(last), passed)',
        to: 'this.#since(last)',
      },
    ],
    test: 'test/backend/clocks.test.ts',
  },
  {
    name: 'a journal is read on whatever history it is of',
    kind: CONTENT,
    changes: [
      {
        file: 'src/client/journal-reading.ts',
        from: 'chainHash(this.#seen.hash, line) !== hash',
        to: 'chainHash(this.#seen.hash, line) === undefined',
      },
    ],
    test: 'test/client/journal-reading.test.ts',
  },
];
