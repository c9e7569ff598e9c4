import t from 'tap'
import Fastify from 'fastify'
import plugin from '../plugin/index.js'
t.test('x', async t => {
  const app = Fastify(); t.teardown(() => app.close())
  app.register(plugin); app.get('/u', () => 'x')
  t.equal((await app.inject({ method: 'PUT', url: '/u' })).statusCode, 405)
})
