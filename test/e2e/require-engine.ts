// At the head of every file of end-to-end tests: without an engine they fail with the reason, because a test that is
// skipped in silence tests nothing. The tests of other kinds go on.
const { MUSTER_NO_ENGINE: reason, DOCKER_HOST: host } = process.env;

if (reason) throw new Error(reason);
if (!host)
  throw new Error('These tests need a Docker engine: run them as `deploy/with-engine npx vitest …`.');
