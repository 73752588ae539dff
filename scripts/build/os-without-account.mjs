/**
 * Some users have no entry in the password database (a container that runs as any number). Node's os.homedir() and
 * os.userInfo() throw there, and packages call them while they are loaded, for things that stui does without. In a bundle
 * they answer that nothing is known.
 */
const NAMESPACE = 'os-without-account';

const CONTENTS = `
const os = require('node:os');
const orElse = (work, otherwise) => (...given) => {
  try {
    return work(...given);
  } catch {
    return otherwise;
  }
};
module.exports = { ...os, homedir: orElse(os.homedir, ''), userInfo: orElse(os.userInfo, { shell: null }) };
`;

/** @returns an esbuild plugin over all modules of a bundle */
export function osWithoutAccount() {
  return {
    name: NAMESPACE,
    setup(build) {
      build.onResolve({ filter: /^(node:)?os$/ }, ({ path, namespace }) =>
        namespace === NAMESPACE ? { path, external: true } : { path: 'os', namespace: NAMESPACE },
      );
      build.onLoad({ filter: /.*/, namespace: NAMESPACE }, () => ({ contents: CONTENTS }));
    },
  };
}
