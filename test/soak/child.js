import { fork } from 'node:child_process'
import { once } from 'node:events'

/** Starts server.js in a process of its own. */
export async function startServer () {
  const child = fork(new URL('server.js', import.meta.url), { execArgv: ['--expose-gc'] })
  const exited = once(child, 'exit')
  const { port } = await message()
  return {
    port,
    async ask (action) {
      child.send(action)
      return (await message())[action]
    },
    /** @returns the exit code; the signal where it did not end by itself within 5 s */
    async exit () {
      const timer = setTimeout(() => child.kill(), 5000)
      const [code, signal] = await exited
      clearTimeout(timer)
      return code ?? signal
    }
  }

  async function message () {
    const died = exited.then(([code]) => { throw new Error(`the server has died: ${code}`) })
    const [received] = await Promise.race([once(child, 'message'), died])
    died.catch(() => {}) // it ends in time
    return received
  }
}
