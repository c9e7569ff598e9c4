import { parseArgs } from 'node:util'

/** The options of the command line; ends the process with a message where they are not as declared. */
export function parse (options) {
  try {
    return parseArgs({ options }).values
  } catch (error) {
    return fail(error.message)
  }
}

/** A whole number from 1 to 9999. */
export function wholeNumber (option, value) {
  return /^[1-9]\d{0,3}$/.test(value) ? Number(value) : fail(`--${option} takes a whole number from 1 to 9999, got '${value}'`)
}

export function oneOf (option, names, value) {
  return names.includes(value) ? value : fail(`--${option} takes ${names.join(', ')}, got '${value}'`)
}

export function fail (message) {
  console.error(message)
  process.exit(1)
}
