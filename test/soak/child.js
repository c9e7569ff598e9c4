import { fork } from 'node:child_process'
import { once } from 'node:events'

/** Starts server.js in a process of its own. */
export async function startServer () {
  const child = fork(new URL('server.js', import.meta.url), { execArgv: ['--expose-gc'] })
  const exited = once(child, 'exit')
  const [{ port }] = await once(child, 'message')
  return {
    port,
    async ask (action) {
      child.send(action)
      const [answer] = await once(child, 'message')
      return answer[action]
    },
    /** @returns the exit code; the signal where it did not end by itself within 5 s */
    async exit () {
      const timer = setTimeout(() => child.kill(), 5000)
      const [code, signal] = await exited
      clearTimeout(timer)
      return code ?? signal
    }
  }
}
