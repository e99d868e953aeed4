// amqplib and @cloudamqp/amqp-client over TLS.
//
// Arguments: HOST PORT STRICT_PORT DIRECTORY. The broker at PORT takes clients with and without a
// certificate, the one at STRICT_PORT only those with one.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { setTimeout as delay } from 'node:timers/promises'
import { AMQPClient } from '@cloudamqp/amqp-client'
import { host, port, uniqueName, refusal, eventOf, within, main } from './harness.mjs'

const amqplib = createRequire(import.meta.url)('amqplib')
const strictPort = Number(process.argv[4])
const file = name => readFileSync(`${process.argv[5]}/${name}`)

const USER = 'e2e-client' // the common name of the client's certificate
const HEARTBEAT_S = 1
const IDLE_MS = 3000 // a side that hears nothing for two heartbeats closes the connection
const BODIES = ['', 'one', 'two'].map(text => Buffer.from(text))
BODIES.push(Buffer.alloc(1 << 20, 'some bytes of a larger message; '))

const trusted = { ca: file('trusted-ca.pem'), minVersion: 'TLSv1.3' }
const notTrusted = { ...trusted, ca: file('other-ca.pem') }
const withCertificate = {
  ...trusted, cert: file('trusted-client.pem'), key: file('trusted-client.key')
}

/** Runs `body` with a channel with confirms of a connection of its own, and closes it. */
async function withChannel (body, { tls = trusted, at = port, query = '' } = {}) {
  const connection = await amqplib.connect(`amqps://guest:guest@${host}:${at}/%2F?${query}`, tls)
  const failures = []
  connection.on('error', error => failures.push(error))
  assert.equal(connection.connection.stream.getProtocol(), 'TLSv1.3')
  await body(await connection.createConfirmChannel(), connection)
  const closed = eventOf(connection, 'close')
  await connection.close()
  await closed
  assert.deepEqual(failures, [])
}

async function ownQueue (channel) {
  return (await channel.assertQueue(uniqueName('tls'), { exclusive: true })).queue
}

/** An error of OpenSSL has its reason in the code or in the text. */
function assertReason (error, pattern) {
  assert.match(`${error.code} ${error.message}`, pattern)
}

/** Runs `body` with a channel of cloudamqp's client, and closes its connection. */
async function withCloudChannel (body, { tls = trusted, at = port, query = '' } = {}) {
  const client = new AMQPClient(`amqps://guest:guest@${host}:${at}/%2F?${query}`, tls)
  const connection = await client.connect()
  assert.equal(client.socket.getProtocol(), 'TLSv1.3')
  await body(await connection.channel())
  assert.equal(connection.closed, false)
  await connection.close()
}

async function ownCloudQueue (channel) {
  const name = uniqueName('tls')
  await channel.queueDeclare(name, { exclusive: true, durable: false, autoDelete: false })
  return name
}

await main({
  amqplib_messages: () => withChannel(async channel => {
    const queue = await ownQueue(channel)
    for (const body of BODIES) channel.sendToQueue(queue, body)
    await channel.waitForConfirms()
    const got = []
    await within(new Promise((resolve, reject) => {
      channel.consume(queue, message => {
        got.push(message.content)
        channel.ack(message)
        if (got.length === BODIES.length) resolve()
      }).catch(reject)
    }), 'the messages')
    assert.ok(got.every((body, n) => body.equals(BODIES[n])), 'bodies as published')
  }),

  amqplib_wrong_ca: async () => {
    const error = await refusal(withChannel(() => {}, { tls: notTrusted }), 'the broker')
    assertReason(error, /self-signed certificate/)
  },

  amqplib_login_by_certificate: async () => {
    const tls = { ...withCertificate, credentials: amqplib.credentials.external() }
    for (const at of [port, strictPort]) {
      await withChannel(async channel => {
        const queue = await ownQueue(channel)
        // Only the user's own name is taken as the user-id of a message.
        channel.sendToQueue(queue, Buffer.from('m'), { userId: USER })
        await channel.waitForConfirms()
        assert.equal(String((await channel.get(queue, { noAck: true })).content), 'm')
      }, { tls, at })
    }
  },

  amqplib_without_certificate: async () => {
    const error = await refusal(withChannel(() => {}, { at: strictPort }), 'the client')
    assertReason(error, /certificate required/i)
  },

  amqplib_heartbeat: () => withChannel(async channel => {
    await delay(IDLE_MS) // heartbeats go both ways meanwhile
    await ownQueue(channel)
  }, { query: `heartbeat=${HEARTBEAT_S}` }),

  cloudamqp_messages: () => withCloudChannel(async channel => {
    const queue = await ownCloudQueue(channel)
    await channel.confirmSelect()
    for (const body of BODIES) await channel.basicPublish('', queue, body)
    const got = []
    await within(new Promise((resolve, reject) => {
      channel.basicConsume(queue, { noAck: false }, async message => {
        got.push(Buffer.from(message.body ?? []))
        await message.ack()
        if (got.length === BODIES.length) resolve()
      }).catch(reject)
    }), 'the messages')
    assert.ok(got.every((body, n) => body.equals(BODIES[n])), 'bodies as published')
  }),

  cloudamqp_wrong_ca: async () => {
    const error = await refusal(withCloudChannel(() => {}, { tls: notTrusted }), 'the broker')
    assertReason(error, /self-signed certificate/)
  },

  cloudamqp_without_certificate: async () => {
    const refused = withCloudChannel(() => {}, { at: strictPort })
    assertReason(await refusal(refused, 'the client'), /certificate required/i)
  },

  cloudamqp_with_certificate: () => withCloudChannel(
    ownCloudQueue, { tls: withCertificate, at: strictPort }),

  cloudamqp_heartbeat: () => withCloudChannel(async channel => {
    await delay(IDLE_MS)
    await ownCloudQueue(channel)
  }, { query: `heartbeat=${HEARTBEAT_S}` })
})
