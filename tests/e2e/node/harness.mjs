// Runs the cases of one Node test program and prints a line for each: `ok CASE` or
// `FAIL CASE: reason`, then `end`. Every case is an async function with a deadline.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'

const CASE_MS_MAX = 40_000

export const host = process.argv[2]
export const port = Number(process.argv[3])

/** A name for a queue or exchange that no other case or run has. */
export function uniqueName (what) {
  return `e2e.${what}.${randomBytes(6).toString('hex')}`
}

/** Fails when `promise` is not settled within the time; what it waits for is told. */
export function within (promise, what, ms = CASE_MS_MAX) {
  let timer
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** The error that `promise` is refused with; fails when it is not refused. */
export async function refusal (promise, what) {
  let error
  try {
    await promise
  } catch (caught) {
    error = caught
  }
  assert.ok(error instanceof Error, `${what} was not refused`)
  return error
}

/** Resolves with the arguments of the next event of that name. */
export function eventOf (emitter, name) {
  return within(new Promise(resolve => emitter.once(name, (...got) => resolve(got))),
    `event ${name}`)
}

export async function main (cases) {
  let failures = 0
  for (const [name, run] of Object.entries(cases)) {
    try {
      await within(run(), 'the case')
      console.log(`ok ${name}`)
    } catch (error) {
      failures++
      const line = /node\/\w+\.mjs:\d+/.exec((error.stack ?? '').split('\n').slice(1).join('\n'))
      console.log(`FAIL ${name}: ${String(error.message).replace(/\s+/g, ' ')} (${line ?? ''})`)
    }
  }
  console.log('end')
  process.exit(Math.min(failures, 99))
}
