// The import directions of docs/architecture.md, held by `npm run architecture`.
const layer = (name, from, to, comment) => ({ name, severity: 'error', comment, from: { path: from }, to: { path: to } })
const domains = '(partners|guides|items|imports|orders|shipments|receipts|invoices|forecasts|reconciliation|exceptions)'
const above = '(exchange|jobs|api|cli|demo|app|main)'

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: ['^src/main\\.ts$', '\\.d\\.ts$'] }, to: {} },
    layer('shared-is-the-floor', '^src/shared/', '^src/(?!shared/)', 'Everything may use shared; it uses nothing of ours.'),
    layer('x12-is-pure', '^src/x12/', '^src/(?!x12/|shared/)', 'The engine could be published on its own.'),
    layer('documents-are-pure', '^src/documents/', '^src/(?!documents/|x12/|shared/)', 'Mappings know the engine and nothing of the hub.'),
    layer('db-below-domains', '^src/db/', '^src/(?!db/|shared/)', 'The database layer knows no domain.'),
    layer('identity-below-domains', '^src/identity/', `^src/(${domains}|${above})`, 'Who may do what is known before what is done. Page types of partners are the one exception.'),
    layer('domains-below-exchange', `^src/${domains}/`, `^src/${above}`, 'Domains do not know how a message came or who asked.'),
    layer('partners-and-items-first', '^src/(partners|items|guides)/', '^src/(orders|shipments|receipts|invoices|forecasts|reconciliation|exceptions)/', 'Orders stand on partners and items.'),
    layer('orders-before-shipments', '^src/orders/', '^src/(shipments|receipts|invoices|reconciliation|exceptions)/', 'Shipments and invoices refer to orders.'),
    layer('reconciliation-before-the-edge', '^src/(orders|shipments|receipts|invoices|forecasts)/', '^src/reconciliation/', 'Rules read facts; facts do not wait for rules.'),
    layer('exchange-below-edges', '^src/exchange/', '^src/(jobs|api|cli|demo|app|main)', 'The exchange is called by jobs and the API.'),
    layer('jobs-below-api', '^src/jobs/', '^src/(api|cli|demo|app|main)', 'Jobs do not know the API.'),
    layer('api-not-jobs-internals', '^src/api/', '^src/(cli|demo|main)', 'The API knows no process.'),
    {
      name: 'rules-do-no-io', severity: 'error', comment: 'rules.ts decides; it neither reads nor writes.',
      from: { path: '^src/([a-z]+/rules\\.ts|reconciliation/rules/)' },
      to: { path: ['^src/db/(client|outbox|pool|migrate|embedded)', 'queries\\.ts$', '^node_modules/(postgres|drizzle-orm|bullmq|ioredis|fastify)'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'x12-does-no-io', severity: 'error', comment: 'Loading a shipped schema or guide is the one thing it asks of Node.',
      from: { path: '^src/(x12|documents)/', pathNot: '^src/x12/(standard|guides)\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(buffer|util)$' },
    },
    { name: 'no-dev-dependencies', severity: 'error', from: { path: '^src' }, to: { dependencyTypes: ['npm-dev'] } },
    { name: 'not-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
