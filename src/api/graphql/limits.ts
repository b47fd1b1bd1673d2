import {
  GraphQLError,
  Kind,
  getNamedType,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationRule,
  type ValueNode,
} from 'graphql'
import { DomainError } from '../../shared/errors.ts'

/** What one document may ask for. `cost` counts the objects that it could make the hub fetch. */
export const limits = { tokens: 3000, depth: 12, fields: 600, aliases: 40, cost: 20_000, operationsPerBatch: 10 } as const

/** Objects that a list is taken to hold when the query does not say how many. */
const listGuess = 10
const pageDefault = 50

type Size = { depth: number; fields: number; aliases: number }

/**
 * Refuses documents that are too deep, select too much or repeat too much under aliases. Fragments count each time they are
 * spread; each is measured once, so a fragment bomb costs nothing to recognise. Introspection has graphql's own depth rule.
 */
export const sizeRule: ValidationRule = context => ({
  OperationDefinition(operation) {
    const { depth, fields, aliases } = measure(operation, context.getDocument())
    for (const [what, found] of Object.entries({ depth, fields, aliases }) as [keyof Size, number][])
      if (found > limits[what])
        context.reportError(
          new GraphQLError(
            `The ${what} of the document: ${Number.isFinite(found) ? found : 'endless'}; at most ${limits[what]}.`,
            { nodes: operation, extensions: { code: 'request/query-too-complex', [what]: limits[what] } },
          ),
        )
  },
})

const measure = (operation: OperationDefinitionNode, document: DocumentNode): Size => {
  const fragments = fragmentsOf(document)
  const known = new Map<string, Size>()
  const sizeOf = (set: SelectionSetNode | undefined, open: ReadonlySet<string>): Size => {
    const total = { depth: 0, fields: 0, aliases: 0 }
    for (const selection of set?.selections ?? []) {
      const size =
        selection.kind === Kind.FRAGMENT_SPREAD
          ? sizeOfFragment(selection.name.value, open)
          : selection.kind === Kind.INLINE_FRAGMENT
            ? sizeOf(selection.selectionSet, open)
            : sizeOfField(selection, open)
      total.depth = Math.max(total.depth, size.depth)
      total.fields += size.fields
      total.aliases += size.aliases
    }
    return total
  }
  const sizeOfField = (field: FieldNode, open: ReadonlySet<string>): Size => {
    const inner = sizeOf(field.selectionSet, open)
    const depth = field.name.value.startsWith('__') ? 0 : inner.depth + 1
    return { depth, fields: inner.fields + 1, aliases: inner.aliases + (field.alias ? 1 : 0) }
  }
  const sizeOfFragment = (name: string, open: ReadonlySet<string>): Size => {
    if (open.has(name)) return { depth: Infinity, fields: 0, aliases: 0 }
    const size = known.get(name) ?? sizeOf(fragments.get(name)?.selectionSet, new Set([...open, name]))
    known.set(name, size)
    return size
  }
  return sizeOf(operation.selectionSet, new Set())
}

const fragmentsOf = (document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> =>
  new Map(document.definitions.flatMap(node => (node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node]] : [])))

type Variables = Readonly<Record<string, unknown>> | null | undefined

/**
 * Refuses an operation that could fetch too many objects: every object is 1, a list multiplies what is inside it by its
 * `limit` argument. It needs the variables, so it runs before execution and not as a validation rule.
 * @throws DomainError request/query-too-complex
 */
export const checkCost = (schema: GraphQLSchema, document: DocumentNode, variables: Variables): number => {
  const known = constantCosts.get(document)
  const { cost, varies } = known === undefined ? costOf(schema, document, variables) : { cost: known, varies: true }
  if (!varies) constantCosts.set(document, cost)
  if (cost > limits.cost)
    throw new DomainError('request/query-too-complex', {
      detail: `The query costs ${cost}; at most ${limits.cost}. Ask for fewer rows.`,
      cost,
      limit: limits.cost,
    })
  return cost
}
const constantCosts = new WeakMap<DocumentNode, number>()

/** The cost of the dearest operation of the document: one of them runs. */
const costOf = (schema: GraphQLSchema, document: DocumentNode, variables: Variables): { cost: number; varies: boolean } => {
  const fragments = fragmentsOf(document)
  let varies = false
  const known = new Map<string, number>()
  const ofSet = (set: SelectionSetNode, type: GraphQLObjectType): number => {
    let cost = 0
    for (const selection of set.selections)
      if (selection.kind === Kind.FIELD) cost += ofField(selection, type)
      else if (selection.kind === Kind.INLINE_FRAGMENT) cost += ofSet(selection.selectionSet, type)
      else cost += ofFragment(selection.name.value, type)
    return cost
  }
  const ofFragment = (name: string, type: GraphQLObjectType): number => {
    const fragment = fragments.get(name)
    const cost = known.get(name) ?? (fragment ? ofSet(fragment.selectionSet, type) : 0)
    known.set(name, cost)
    return cost
  }
  const ofField = (node: FieldNode, parent: GraphQLObjectType): number => {
    const field = parent.getFields()[node.name.value]
    const type = field && getNamedType(field.type)
    if (!field || !isCompositeType(type) || !node.selectionSet || !isObjectType(type)) return 0
    const limit = node.arguments?.find(arg => arg.name.value === 'limit')?.value
    varies ||= limit?.kind === Kind.VARIABLE
    return rowsOf(parent, field, limit, variables) * (1 + ofSet(node.selectionSet, type))
  }
  const cost = document.definitions.reduce((dearest, node) => {
    const root = node.kind === Kind.OPERATION_DEFINITION ? schema.getRootType(node.operation) : undefined
    return root && node.kind === Kind.OPERATION_DEFINITION ? Math.max(dearest, ofSet(node.selectionSet, root)) : dearest
  }, 0)
  return { cost, varies }
}

/** How many objects a field can give: the `limit` given when it takes one, a guess for other lists, 1 for an object. */
const rowsOf = (
  parent: GraphQLObjectType,
  field: GraphQLField<unknown, unknown>,
  given: ValueNode | undefined,
  variables: Variables,
): number => {
  if (field.args.some(arg => arg.name === 'limit')) {
    const value =
      given?.kind === Kind.VARIABLE ? variables?.[given.name.value] : given?.kind === Kind.INT ? Number(given.value) : undefined
    return typeof value === 'number' && value > 0 ? value : pageDefault
  }
  // The items of a page were counted with the page.
  if (field.name === 'items' && parent.name.endsWith('Page')) return 1
  return isListType(isNonNullType(field.type) ? field.type.ofType : field.type) ? listGuess : 1
}
