// The dependency rules of ARCHITECTURE.md, "The tree". What a pure folder may not call (clock, randomness, timers) is
// checked by test/tidy, which reads the same list of exceptions.
const { shell } = require('./test/tidy/shell.json');

/** Tests may use what their subject may not: builders, real servers. They are read by themselves. */
const TESTS = '\\.(test|contract|fixture)\\.ts$|^test/|^simulation/|^shared/testing/';

const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, pathNot: TESTS },
  to: { path: '^(shared|services|agents|cli|simulation|deploy|test)/', pathNot: [from, ...allowed] },
});

const packageOnlyIn = (name, packages, folders) => ({
  name,
  severity: 'error',
  from: { path: '^(shared|services|agents|cli)/', pathNot: [TESTS, ...folders] },
  to: { path: packages },
});

/** Node's own modules that do something, rather than compute something. */
const DOES_IO =
  '^(node:)?(child_process|cluster|dgram|dns|fs|http|http2|https|inspector|net|os|perf_hooks|process|readline|repl|sqlite|timers|tls|tty|worker_threads)(/|$)';

module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      severity: 'error',
      comment: 'What imports itself in a roundabout way can only be understood whole.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    only('digests-import-nothing', '^shared/digests/', []),
    only('model-imports-digests', '^shared/model/', ['^shared/digests/']),
    only('events-import-the-model', '^shared/events/', ['^shared/model/']),
    only('state-imports-events', '^shared/state/', ['^shared/(digests|model|events)/']),
    only('log-imports-events', '^shared/log/', ['^shared/(model|events)/']),
    only('runtime-imports-log-and-state', '^shared/runtime/', ['^shared/(model|events|state|log)/']),
    only('telemetry-imports-the-runtime', '^shared/telemetry/', [
      '^shared/(model|events|state|log|runtime)/',
    ]),
    only('backends-import-shared', '^agents/backends/', ['^shared/(?!testing/)']),
    only('the-data-path-imports-shared', '^agents/network/', ['^shared/(?!testing/)']),
    only('the-resolver-imports-shared', '^agents/resolver/', ['^shared/(?!testing/)']),
    only('the-agent-imports-backends', '^agents/node/', [
      '^shared/(?!testing/)',
      '^agents/(backends|network|resolver)/',
    ]),
    ...['allocator', 'api', 'dispatcher', 'orchestrator', 'scheduler'].map((service) =>
      only(
        `${service}-imports-shared`,
        `^services/${service}/`,
        ['^shared/(?!testing/)'],
        'Services and agents meet on subjects, never in code.',
      ),
    ),
    only('the-cli-imports-the-rest', '^cli/', ['^(shared/(?!testing/)|services/|agents/)']),
    {
      name: 'only-barrels',
      severity: 'error',
      comment: 'One package sees of another what its index.ts shows.',
      from: { path: '^((shared|services|agents)/[^/]+|cli|simulation|test)/' },
      to: {
        path: '^((shared|services|agents)/[^/]+|cli|simulation)/',
        pathNot: ['^$1/', '/index\\.ts$', '^shared/digests/(node|anywhere)\\.ts$'],
      },
    },
    packageOnlyIn('nats-in-two-places', '^node_modules/@nats-io/', ['^shared/(log|runtime)/']),
    packageOnlyIn('prometheus-in-one-place', '^node_modules/prom-client/', ['^shared/telemetry/']),
    packageOnlyIn('dns-in-one-place', '^node_modules/dns-packet/', ['^agents/resolver/']),
    packageOnlyIn('docker-in-one-place', '^node_modules/dockerode/', ['^agents/backends/docker/']),
    packageOnlyIn('http-in-one-place', '^(node:)?https?$|^(node:)?http2$', [
      '^services/api/',
      '^shared/telemetry/endpoint\\.ts$', // for probes and Prometheus, which speak nothing else: ADR 12
      '^agents/backends/docker/', // only the pool of connections that its client uses
    ]),
    {
      name: 'pure-folders-do-nothing',
      severity: 'error',
      comment:
        'State, time and ids come in as arguments. What has to do something is named in test/tidy/shell.json.',
      from: {
        path: '^(shared/(model|events|state)|services/[^/]+)/',
        pathNot: [TESTS, ...shell],
      },
      to: { path: DOES_IO },
    },
    {
      name: 'the-pure-centre-runs-anywhere',
      severity: 'error',
      comment: 'A log is folded in a page as well: what only Node has comes through shared/digests.',
      from: { path: '^shared/(model|events|state)/', pathNot: TESTS },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-arrow-back-up',
      severity: 'error',
      comment:
        'What tests are made of is shared, too: of services and agents it knows nothing. The simulator does.',
      from: { path: '^shared/testing/' },
      to: { path: '^(services|agents|cli|simulation|test)/' },
    },
    {
      name: 'nothing-imports-the-tests',
      severity: 'error',
      from: { pathNot: TESTS },
      to: { path: '^(shared/testing|simulation|test)/|\\.(test|contract|fixture)\\.ts$' },
    },
    {
      name: 'declared',
      severity: 'error',
      comment: 'A package that is imported is in the package.json of the workspace that imports it.',
      from: { pathNot: [TESTS, '^deploy/', '^[^/]+$'] },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'], dependencyTypesNot: ['npm'] },
    },
  ],
  options: {
    doNotFollow: { path: '(^|/)node_modules/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
