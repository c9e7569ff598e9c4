import neostandard from 'neostandard'

export default [
  ...neostandard({ ts: true, ignores: ['**/dist/', '.tap/'] }),
  {
    files: ['**/*.ts'],
    // A TypeBox schema and its static type share one name.
    rules: { '@typescript-eslint/no-redeclare': 'off' }
  }
]
