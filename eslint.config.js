import neostandard from 'neostandard'

export default [
  ...neostandard({ ts: true, ignores: ['dist/', '.tap/'] }),
  {
    files: ['types/**/*.ts'],
    // A TypeBox schema and its static type share one name.
    rules: { '@typescript-eslint/no-redeclare': 'off' }
  }
]
