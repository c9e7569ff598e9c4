import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Starts a server in a process of its own. */
export async function startServer (subject, execArgv = []) {
  const child = start('server.js', subject, execArgv)
  const port = await answerOf(child)
  return {
    port,
    ask (action) {
      child.send(action)
      return answerOf(child)
    },
    async stop () {
      const exited = once(child, 'exit')
      child.kill()
      await exited
    }
  }
}

/** Runs a module that answers once. */
export async function runOnce (file, argument, execArgv) {
  const child = start(file, argument, execArgv)
  const exited = once(child, 'exit')
  const answer = await answerOf(child)
  await exited
  return answer
}

function start (file, argument, execArgv) {
  return fork(fileURLToPath(new URL(file, import.meta.url)), [JSON.stringify(argument)], {
    execArgv, env: { ...process.env, NODE_ENV: 'production', NODE_OPTIONS: '' }
  })
}

async function answerOf (child) {
  const ended = new AbortController()
  const died = once(child, 'exit', { signal: ended.signal }).then(([code, signal]) => {
    throw new Error(`${child.spawnargs.slice(1).join(' ')} has ended: ${code ?? signal}`)
  })
  try {
    const [{ answer }] = await Promise.race([once(child, 'message'), died])
    return answer
  } finally {
    died.catch(() => {})
    ended.abort()
  }
}
