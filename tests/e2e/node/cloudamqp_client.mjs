// @cloudamqp/amqp-client over a TCP socket, its channels and its sessions: the second client of the
// Node world.

import assert from 'node:assert/strict'
import { AMQPClient, AMQPSession, builtinCoders, builtinParsers } from '@cloudamqp/amqp-client'
import { host, port, uniqueName, refusal, within, main } from './harness.mjs'

const url = (password = 'guest', vhost = '%2F') =>
  `amqp://guest:${password}@${host}:${port}/${vhost}`

/** Runs `body` with a channel of a connection of its own, and closes it. */
async function withChannel (body) {
  const client = new AMQPClient(url())
  const connection = await client.connect()
  try {
    await body(await connection.channel(), connection)
  } finally {
    if (!connection.closed) await connection.close().catch(() => {})
  }
}

/** The name of a new queue that lives as long as the connection. */
async function ownQueue (channel) {
  const name = uniqueName('cloudamqp')
  await channel.queueDeclare(name, { exclusive: true, durable: false, autoDelete: false })
  return name
}

/** The next message of the queue, acknowledged by being taken. */
async function take (channel, queue) {
  const message = await channel.basicGet(queue, { noAck: true })
  assert.ok(message, 'a message is in the queue')
  return message
}

await main({
  publish_and_consume_in_order: () => withChannel(async channel => {
    const queue = await ownQueue(channel)
    await channel.basicQos(20)
    for (let n = 0; n < 200; n++) {
      await channel.basicPublish('', queue, String(n), { deliveryMode: 1 })
    }
    const got = []
    await within(new Promise(resolve => {
      channel.basicConsume(queue, { noAck: false }, async message => {
        got.push(Number(message.bodyString()))
        await message.ack()
        if (got.length === 200) resolve()
      })
    }), '200 messages')
    assert.deepEqual(got, [...Array(200).keys()])
  }),

  confirms: () => withChannel(async channel => {
    const queue = await ownQueue(channel)
    await channel.confirmSelect()
    const tags = await Promise.all(
      [...Array(300)].map(() => channel.basicPublish('', queue, 'm', { deliveryMode: 2 })))
    assert.deepEqual(tags.sort((a, b) => a - b), [...Array(300).keys()].map(n => n + 1))
    assert.equal((await channel.queueDeclare(queue, { passive: true })).messageCount, 300)
    assert.equal((await channel.queuePurge(queue)).messageCount, 300)
  }),

  mandatory_return: () => withChannel(async channel => {
    const key = uniqueName('absent')
    const returned = within(new Promise(resolve => { channel.onReturn = resolve }), 'the return')
    await channel.basicPublish('', key, 'lost', {}, true)
    const message = await returned
    assert.equal(message.replyCode, 312)
    assert.equal(message.replyText, 'NO_ROUTE')
    assert.equal(message.routingKey, key)
    assert.equal(message.bodyString(), 'lost')
  }),

  properties_and_headers: () => withChannel(async channel => {
    const queue = await ownQueue(channel)
    const sent = {
      contentType: 'text/plain', contentEncoding: 'utf-8', deliveryMode: 2, priority: 3,
      correlationId: 'c', replyTo: 'r', expiration: '60000', messageId: 'm', type: 'kind',
      timestamp: new Date(1700000000000), userId: 'guest', appId: 'e2e',
      headers: { int: 1, big: 2 ** 40, text: 'ünï', yes: true, list: [1, 'two'], table: { a: 1 } }
    }
    await channel.basicPublish('', queue, 'body', sent)
    const message = await take(channel, queue)
    assert.equal(message.bodyString(), 'body')
    for (const [name, value] of Object.entries(sent)) {
      assert.deepEqual(message.properties[name], value, name)
    }
  }),

  large_body: () => withChannel(async channel => {
    const queue = await ownQueue(channel)
    const body = new Uint8Array(2_000_000).map((_, n) => n % 251)
    await channel.basicPublish('', queue, body)
    const message = await take(channel, queue)
    assert.ok(Buffer.from(message.body).equals(Buffer.from(body)), '2 MB come back unchanged')
  }),

  nack_reject_and_redelivery: () => withChannel(async channel => {
    const queue = await ownQueue(channel)
    assert.equal(await channel.basicGet(queue), null)
    await channel.basicPublish('', queue, 'again')
    const first = await channel.basicGet(queue, { noAck: false })
    assert.equal(first.redelivered, false)
    await first.nack(true)
    const second = await channel.basicGet(queue, { noAck: false })
    assert.equal(second.redelivered, true)
    await second.reject(false)
    assert.equal(await channel.basicGet(queue), null)
  }),

  exchanges_and_bindings: () => withChannel(async channel => {
    const exchange = uniqueName('exchange')
    await channel.exchangeDeclare(exchange, 'topic', { autoDelete: true, durable: false })
    const queue = await ownQueue(channel)
    await channel.queueBind(queue, exchange, 'a.*')
    for (const key of ['a.b', 'b', 'a.c']) await channel.basicPublish(exchange, key, key)
    assert.equal((await take(channel, queue)).bodyString(), 'a.b')
    assert.equal((await take(channel, queue)).bodyString(), 'a.c')
    await channel.queueUnbind(queue, exchange, 'a.*')
  }),

  transaction: () => withChannel(async channel => {
    const queue = await ownQueue(channel)
    await channel.txSelect()
    await channel.basicPublish('', queue, 'never')
    await channel.txRollback()
    await channel.basicPublish('', queue, 'kept')
    await channel.txCommit()
    assert.equal((await take(channel, queue)).bodyString(), 'kept')
    assert.equal(await channel.basicGet(queue), null)
  }),

  session_with_codecs: async () => {
    const session = await AMQPSession.connect(url(), {
      parsers: builtinParsers, coders: builtinCoders, defaultContentType: 'application/json'
    })
    try {
      const queue = await session.queue(uniqueName('cloudamqp'), { exclusive: true })
      for (let n = 0; n < 50; n++) await queue.publish({ n }, { contentEncoding: 'gzip' })
      const got = []
      for await (const message of await queue.subscribe({ prefetch: 5 })) {
        got.push(message.body.n)
        if (got.length === 50) break
      }
      assert.deepEqual(got, [...Array(50).keys()])
    } finally {
      await session.stop()
    }
  },

  session_remote_call: () => withChannel(async channel => {
    const session = await AMQPSession.connect(url())
    const name = uniqueName('cloudamqp')
    try {
      const server = await session.rpcServer(name, message => `to ${message.bodyString()}`)
      const reply = await session.rpcCall(name, 'you', { timeout: 20_000 })
      assert.equal(reply.bodyString(), 'to you')
      await server.close()
    } finally {
      await session.stop()
      await channel.queueDelete(name)
    }
  }),

  told_off_404: () => withChannel(async (channel, connection) => {
    const name = uniqueName('absent')
    const error = await refusal(channel.queueDeclare(name, { passive: true }), 'a passive declare')
    assert.ok(error.message.includes(`NOT_FOUND - no queue '${name}' in vhost '/' (404)`),
      error.message)
    assert.ok(await connection.channel(), 'the connection lives on')
  }),

  told_off_406: () => withChannel(async channel => {
    const queue = await ownQueue(channel)
    const error = await refusal(
      channel.queueDeclare(queue, { exclusive: true, autoDelete: true }), 'another auto_delete')
    const text = 'PRECONDITION_FAILED - inequivalent arg \'auto_delete\' for queue ' +
      `'${queue}' in vhost '/': received 'true' but current is 'false' (406)`
    assert.ok(error.message.includes(text), error.message)
  }),

  told_off_403_credentials: async () => {
    const error = await refusal(new AMQPClient(url('wrong')).connect(), 'a wrong password')
    assert.match(error.message, /ACCESS_REFUSED - Login was refused .* \(403\)/)
  },

  told_off_530_virtual_host: async () => {
    const error = await refusal(new AMQPClient(url('guest', 'absent')).connect(), 'an absent vhost')
    assert.match(error.message, /NOT_ALLOWED - vhost absent not found \(530\)/)
  }
})
