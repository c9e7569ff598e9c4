// The plugin by `import x = require()`, which gives the module.

import assert = require('node:assert/strict')
import Fastify = require('fastify')
import allowedMethods = require('fastify-allowed-methods')
import openapi = require('fastify-allowed-methods/openapi')
import testing = require('fastify-allowed-methods/testing')

const options: allowedMethods.FastifyAllowedMethodsOptions = { answerOptions: true }
const app = Fastify()
app.register(allowedMethods.default, options)
app.get('/', async () => openapi.methodNotAllowedResponse('3.1.0'))

testing.findWrongAnswers(app).then(wrong => assert.deepEqual([...wrong], [])).catch(error => {
  console.error(error)
  process.exitCode = 1
})
