import { isObject } from './errors.js'

/** The members of an object of a document. */
export type Members = Record<string, unknown>

/** The types of JSON Schema. TypeBox has others, such as RegExp for a string. */
const TYPES = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']

/** The schema keywords of Swagger 2.0; then the same with those that OpenAPI 3.0 adds. */
const SWAGGER_2_0 = [
  'title', 'description', 'default', 'example', 'externalDocs', 'readOnly', 'type', 'format', 'enum', 'allOf',
  'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength', 'pattern',
  'items', 'minItems', 'maxItems', 'uniqueItems', 'properties', 'additionalProperties', 'minProperties', 'maxProperties', 'required'
]
const OPENAPI_3_0 = [...SWAGGER_2_0, 'anyOf', 'oneOf', 'not', 'nullable', 'deprecated', 'writeOnly']

/** Turns a TypeBox schema into a schema object: without `$id`, and without any `$ref` to one, which would not resolve. */
export function toSchema (schema: unknown, version: string): unknown {
  if (Array.isArray(schema)) return schema.map(member => toSchema(member, version))
  if (!isObject(schema)) return schema
  const { $id, $ref, $defs, ...own } = schema as Members
  const { not, ...converted } = mapped(reworded(withJsonType(own), version), (value, keyword) => {
    if (/^(const|enum|default|examples?|externalDocs|x-.*)$/.test(keyword)) return copyOf(value)
    return /^(properties|patternProperties)$/.test(keyword) ? mapped(value, member => toSchema(member, version)) : toSchema(value, version)
  })
  const isExact = JSON.stringify(not) === JSON.stringify(own.not) // if what is refused were less exact, more would be refused
  return isExact && not !== undefined ? { ...converted, not } : converted
}

/** A copy of a JSON value, so that the document shares none with the app; undefined for what JSON cannot express. */
function copyOf (value: unknown): unknown {
  const text = JSON.stringify(value)
  return text === undefined ? undefined : JSON.parse(text)
}

/** Rewrites a schema in the keywords of a version. What it has no keyword for is left out: the document then says less, but nothing wrong. */
function reworded ({ additionalItems, ...schema }: Members, version: string): Members {
  const { type, items, examples, patternProperties, exclusiveMinimum, exclusiveMaximum } = schema
  if (!/^(2|3\.0)/.test(version)) return Array.isArray(items) ? { ...schema, prefixItems: items, items: {} } : schema
  const is2 = version.startsWith('2')
  const keywords = is2 ? SWAGGER_2_0 : OPENAPI_3_0
  const words = {
    ...schema,
    ...(Array.isArray(type) && { type: undefined }),
    ...(type === 'null' && { type: is2 ? undefined : 'object', nullable: true, enum: [null] }),
    ...(Array.isArray(items) && { items: {} }),
    ...('const' in schema && { enum: [schema.const] }),
    ...(Array.isArray(examples) && { example: examples[0] }),
    ...(patternProperties !== undefined && { additionalProperties: (patternProperties as Members)['^(.*)$'] ?? true }),
    ...(typeof exclusiveMinimum === 'number' && { minimum: exclusiveMinimum, exclusiveMinimum: true }),
    ...(typeof exclusiveMaximum === 'number' && { maximum: exclusiveMaximum, exclusiveMaximum: true })
  }
  return Object.fromEntries(Object.entries(words).filter(([keyword, value]) => keywords.includes(keyword) && value !== undefined))
}

function withJsonType (schema: Members): Members {
  const { type, source, flags, ...others } = schema
  if (type === 'RegExp') return { ...others, type: 'string', ...(flags === '' && { pattern: source }) }
  return typeof type !== 'string' || TYPES.includes(type) ? schema : others
}

export function mapped (members: unknown, change: (member: unknown, name: string) => unknown): Members {
  return Object.fromEntries(Object.entries(Object(members)).map(([name, member]) => [name, change(member, name)]))
}
