import { connect } from 'node:net'

/** A connection that keeps alive: writes requests, pipelined, and hands out the answers in their order. */
export class Connection {
  /** The latest answer; its `close` says that no other follows. */
  last = { close: false }
  waiting = []
  text = ''

  constructor (port) {
    this.socket = connect(port, '127.0.0.1').setEncoding('latin1').setNoDelay(true)
    this.socket.on('data', text => this.read(text))
    this.closed = new Promise(resolve => {
      this.socket.on('error', error => { this.error = error })
      this.socket.on('close', () => {
        for (const { resolve } of this.waiting) resolve(undefined)
        resolve()
      })
    })
  }

  /** @returns the answer, undefined where the connection closed first */
  async send (request) {
    return await this.pipeline([request])[0]
  }

  /** @returns a promise of each answer */
  pipeline (requests) {
    const answers = requests.map(({ method }) => new Promise(resolve => {
      if (this.socket.destroyed) resolve(undefined)
      else this.waiting.push({ method, resolve })
    }))
    this.socket.write(requests.map(({ bytes }) => bytes).join(''), 'latin1')
    return answers
  }

  read (text) {
    this.text += text
    for (let end; (end = this.text.indexOf('\r\n\r\n')) !== -1;) {
      const head = this.text.slice(0, end)
      const status = Number(head.slice(9, 12))
      const length = status === 100 || this.waiting[0]?.method === 'HEAD' ? 0 : Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
      if (this.text.length < end + 4 + length) return
      const body = this.text.slice(end + 4, end + 4 + length)
      this.text = this.text.slice(end + 4 + length)
      if (status === 100) {
        this.continued = true
        continue
      }
      this.last = { status, allow: /\r\nallow: (.*)/i.exec(head)?.[1], close: /\r\nconnection: close/i.test(head), body }
      this.waiting.shift()?.resolve(this.last)
    }
  }

  async end () {
    this.socket.end()
    await this.closed
  }

  async destroy () {
    this.socket.destroy()
    await this.closed
  }
}

/** @returns what is wrong with the answer to a request; undefined where nothing is */
export function wrongIn ({ bytes, method, status, allow }, answer) {
  const what = `${bytes.slice(0, 100).split('\r\n')[0]}: `
  if (answer === undefined) return `${what}no answer`
  if (answer.status !== status) return `${what}${answer.status} instead of ${status}`
  if (status !== 405) return answer.allow === undefined ? undefined : `${what}Allow in a ${status}`
  if (answer.allow !== allow) return `${what}Allow: ${answer.allow} instead of ${allow}`
  if (method !== 'HEAD' && JSON.parse(answer.body).allow.join(', ') !== allow) return `${what}${answer.body}`
}
