import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import os from 'node:os'
import { createRequire } from 'node:module'

/** The processor, and how many of its cores there are. */
export const machine = `${os.cpus()[0].model.trim()}, ${os.cpus().length} cores, ${os.platform()}`

/**
 * Keeps this process, and those that it starts, on one core, where the system has `taskset`: else waking the client on another core
 * takes a good part of what a server's CPU time tells, the more the longer the client sleeps.
 */
export function shareOneCore () {
  return spawnSync('taskset', ['-a', '-p', '-c', `${os.cpus().length - 1}`, `${process.pid}`]).status === 0
}

/** Versions by package name, Node.js's and the plugin's among them. */
export async function versions () {
  const read = async path => JSON.parse(await readFile(new URL(path, import.meta.url), 'utf8'))
  const { dependencies } = await read('peers/package.json')
  const { name, version } = await read('../../package.json')
  return {
    'Node.js': process.versions.node,
    Fastify: createRequire(import.meta.url)('fastify/package.json').version,
    [name]: version,
    ...dependencies
  }
}
