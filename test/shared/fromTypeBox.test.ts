import t from 'tap'
import { Type } from 'typebox'
import { fromTypeBox, type Definer } from '../../src/shared/fromTypeBox.ts'

/** Writes the types down as a schema would have them. */
const recorder = () => {
  const types: Record<string, Record<string, string> | readonly string[]> = {}
  const text = (type: unknown): string =>
    Array.isArray(type) ? `[${text(type[0])}]` : typeof type === 'string' ? type : (type as { name: string }).name
  const note = (name: string, fields: Parameters<Definer['object']>[1]) => {
    types[name] = Object.fromEntries(
      Object.entries(fields).map(([key, { type, nullable }]) => [key, `${text(type)}${nullable ? '' : '!'}`]),
    )
    return { name }
  }
  const define: Definer = {
    object: note,
    input: note,
    enumeration: (name, values) => {
      types[name] = values
      return { name }
    },
  }
  return { types, define }
}
const none = new Map()

t.test('scalars, lists, nulls, enums and objects by their name or place', async t => {
  const { types, define } = recorder()
  const Side = Type.Object({ name: Type.String() }, { $id: 'Side' })
  const Trade = Type.Object(
    {
      id: Type.String(),
      count: Type.Integer(),
      share: Type.Number(),
      open: Type.Boolean(),
      at: Type.String({ format: 'date-time' }),
      note: Type.Optional(Type.String()),
      gone: Type.Union([Type.String(), Type.Null()]),
      state: Type.Union([Type.Literal('on'), Type.Literal('off')]),
      again: Type.Union([Type.Literal('on'), Type.Literal('off')]),
      set: Type.Union([Type.Literal('850'), Type.Literal('855')]),
      nested: Type.Union([Type.Union([Type.Literal('a')]), Type.Literal('b')]),
      lines: Type.Array(Type.Object({ quantity: Type.String() })),
      categories: Type.Array(Type.Object({ code: Type.String() })),
      buyer: Side,
      seller: Type.Union([Side, Type.Null()]),
      other: Type.Ref('Named'),
      facts: Type.Record(Type.String(), Type.Unknown()),
      anything: Type.Unknown(),
    },
    { $id: 'Trade' },
  )
  fromTypeBox(define, new Map([['Named', Type.Object({ x: Type.Integer() }, { $id: 'Named' })]])).output(Trade)
  t.same(types, {
    Side: { name: 'String!' },
    Named: { x: 'Int!' },
    TradeLine: { quantity: 'String!' },
    TradeCategory: { code: 'String!' },
    TradeState: ['on', 'off'],
    TradeNested: ['a', 'b'],
    Trade: {
      id: 'ID!',
      count: 'Int!',
      share: 'Float!',
      open: 'Boolean!',
      at: 'DateTime!',
      note: 'String',
      gone: 'String',
      state: 'TradeState!',
      again: 'TradeState!',
      set: 'String!',
      nested: 'TradeNested!',
      lines: '[TradeLine]!',
      categories: '[TradeCategory]!',
      buyer: 'Side!',
      seller: 'Side',
      other: 'Named!',
      facts: 'JSON!',
      anything: 'JSON!',
    },
  })
})

t.test('inputs are types of their own', async t => {
  const { types, define } = recorder()
  const made = fromTypeBox(define, none)
  made.input(Type.Object({ place: Type.Object({ gln: Type.Optional(Type.String()) }) }, { $id: 'OrderInput' }))
  made.input(Type.Object({ text: Type.String() }), 'Answer')
  t.same(types, {
    OrderPlaceInput: { gln: 'String' },
    OrderInput: { place: 'OrderPlaceInput!' },
    AnswerInput: { text: 'String!' },
  })
})

t.test('what it does not know stops the start', async t => {
  const make = (property: ReturnType<typeof Type.Union> | ReturnType<typeof Type.Tuple>) => () =>
    fromTypeBox(recorder().define, none).output(Type.Object({ property }), 'X')
  t.throws(make(Type.Union([Type.Integer(), Type.String()])), /no type for XProperty/)
  t.throws(make(Type.Tuple([Type.Integer()])), /no type for/)
  t.throws(() => fromTypeBox(recorder().define, none).output(Type.Object({})), /needs a name/)
  const { define } = recorder()
  const made = fromTypeBox(define, none)
  made.output(Type.Object({ a: Type.String() }), 'Twice')
  t.throws(() => made.output(Type.Object({ b: Type.String() }), 'Twice'), /two schemas are called Twice/)
})
