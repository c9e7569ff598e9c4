import { Type } from '@sinclair/typebox'
import t from 'tap'
import { type Members, toSchema } from '../plugin/schema-object.js'

t.test('a schema loses its $id and the references to one, and the symbols of TypeBox, but no member of that name', async t => {
  const Tree = Type.Recursive(This => Type.Object({ nodes: Type.Array(This) }), { $id: 'Tree' })
  const schema = Type.Object({
    $id: Type.Optional(Type.String({ $id: 'inner', default: { $id: 'data' } })),
    items: Type.Array(Type.String({ $id: 'item', 'x-note': null, 'x-ui': { $ref: 'data', type: 'DatePicker' } })),
    either: Type.Union([Type.String({ $id: 'either' }), Type.Null()]),
    map: Type.Unsafe({ type: 'object', patternProperties: { default: Type.String({ $id: 'map' }) } }),
    tree: Tree,
    module: Type.Module({ A: Type.Object({}) }).Import('A')
  }, { $id: 'outer' })
  const clean = toSchema(schema, '3.1.0') as Members & { properties: Members }
  t.strictSame(clean, {
    type: 'object',
    properties: {
      $id: { type: 'string', default: { $id: 'data' } },
      items: { type: 'array', items: { type: 'string', 'x-note': null, 'x-ui': { $ref: 'data', type: 'DatePicker' } } },
      either: { anyOf: [{ type: 'string' }, { type: 'null' }] },
      map: { type: 'object', patternProperties: { default: { type: 'string' } } },
      tree: { type: 'object', required: ['nodes'], properties: { nodes: { type: 'array', items: {} } } },
      module: {}
    },
    required: ['items', 'either', 'map', 'tree', 'module']
  })
  t.strictSame([clean, clean.properties.$id].map(part => Object.getOwnPropertySymbols(part)), [[], []])
})

t.test('what a version has no keyword for is said in others, or left out', async t => {
  const rows: [schema: object, in31: object, in30: object, in20: object][] = [
    [Type.Literal('a'), { const: 'a', type: 'string' }, { enum: ['a'], type: 'string' }, { enum: ['a'], type: 'string' }],
    [Type.Null(), { type: 'null' }, { type: 'object', nullable: true, enum: [null] }, { enum: [null] }],
    [Type.RegExp(/^E\d+$/, { description: 'a' }), ...Array(3).fill({ description: 'a', type: 'string', pattern: '^E\\d+$' }) as [object, object, object]],
    [Type.RegExp(/^e/i), ...Array(3).fill({ type: 'string' }) as [object, object, object]],
    [Type.Undefined({ title: 'a' }), ...Array(3).fill({ title: 'a' }) as [object, object, object]],
    [{ type: ['string', 'null'] }, { type: ['string', 'null'] }, {}, {}],
    [Type.Union([Type.String(), Type.Literal(1)]), { anyOf: [{ type: 'string' }, { const: 1, type: 'number' }] }, { anyOf: [{ type: 'string' }, { enum: [1], type: 'number' }] }, {}],
    [Type.Record(Type.String(), Type.Literal(1)), { type: 'object', patternProperties: { '^(.*)$': { const: 1, type: 'number' } } },
      { type: 'object', additionalProperties: { enum: [1], type: 'number' } }, { type: 'object', additionalProperties: { enum: [1], type: 'number' } }],
    [{ type: 'object', additionalProperties: false, patternProperties: { '^a': { type: 'null' } } }, { type: 'object', additionalProperties: false, patternProperties: { '^a': { type: 'null' } } },
      { type: 'object', additionalProperties: true }, { type: 'object', additionalProperties: true }],
    [Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 9 }), { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 9 },
      ...Array(2).fill({ type: 'number', minimum: 0, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: true }) as [object, object]],
    [Type.String({ examples: ['a', 'b'] }), { type: 'string', examples: ['a', 'b'] }, { type: 'string', example: 'a' }, { type: 'string', example: 'a' }],
    [Type.Tuple([Type.Literal(1)]), { type: 'array', items: {}, minItems: 1, maxItems: 1, prefixItems: [{ const: 1, type: 'number' }] },
      { type: 'array', items: {}, minItems: 1, maxItems: 1 }, { type: 'array', items: {}, minItems: 1, maxItems: 1 }],
    [Type.Not(Type.String()), { not: { type: 'string' } }, { not: { type: 'string' } }, {}],
    [Type.Not(Type.RegExp(/^draft/i)), {}, {}, {}],
    [Type.Not(Type.Tuple([Type.Null()])), {}, {}, {}],
    [Type.String({ default: () => 'a' }), ...Array(3).fill({ type: 'string', default: undefined }) as [object, object, object]],
    [{ type: 'array', items: [{}] }, { type: 'array', prefixItems: [{}], items: {} }, { type: 'array', items: {} }, { type: 'array', items: {} }],
    [Type.String({ deprecated: true, contentEncoding: 'base64', pattern: '^a' }), { type: 'string', deprecated: true, contentEncoding: 'base64', pattern: '^a' },
      { type: 'string', deprecated: true, pattern: '^a' }, { type: 'string', pattern: '^a' }]
  ]
  for (const [schema, ...expected] of rows) {
    t.strictSame(['3.1.0', '3.0.3', '2.0'].map(version => toSchema(schema, version)), expected)
    t.strictSame(toSchema(schema, '3.2.0'), expected[0])
  }
  const kept: Members = {
    ...{ title: 'a', description: 'a', default: 'a', example: 'a', externalDocs: { url: '/' }, readOnly: true, format: 'x', enum: ['a'], allOf: [{}], multipleOf: 2 },
    ...{ minLength: 1, maxLength: 2, minItems: 1, maxItems: 2, uniqueItems: true, properties: { a: {} }, minProperties: 1, maxProperties: 2, required: ['a'] }
  }
  const kept3: Members = { anyOf: [{}], oneOf: [{}], not: {}, nullable: true, deprecated: true, writeOnly: true }
  t.strictSame(toSchema({ ...kept, ...kept3 }, '2.0'), kept)
  t.strictSame(toSchema({ ...kept, ...kept3 }, '3.0.3'), { ...kept, ...kept3 })
  for (const type of ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']) t.strictSame(toSchema({ type }, '3.1.0'), { type })
})
