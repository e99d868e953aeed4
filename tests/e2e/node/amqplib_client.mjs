// amqplib with promises: the whole life of queues and messages, and being told off.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { host, port, uniqueName, refusal, eventOf, within, main } from './harness.mjs'

const amqplib = createRequire(import.meta.url)('amqplib')

/** Runs `body` with a channel of a connection of its own, and closes both. */
async function withChannel (body, { confirm = false, ...options } = {}) {
  const connection = await amqplib.connect(
    { protocol: 'amqp', hostname: host, port, username: 'guest', password: 'guest', ...options })
  connection.on('error', () => {}) // the cases look at the events they want
  try {
    const channel = confirm
      ? await connection.createConfirmChannel()
      : await connection.createChannel()
    channel.on('error', () => {})
    await body(channel, connection)
  } finally {
    await connection.close().catch(() => {})
  }
}

async function ownQueue (channel, options = {}) {
  const name = uniqueName('amqplib')
  const { queue } = await channel.assertQueue(name, { exclusive: true, ...options })
  return queue
}

/** The first `count` messages of a consumer, settled by `onMessage`. */
function collect (channel, queue, count, { onMessage = m => channel.ack(m), ...options } = {}) {
  const got = []
  return within(new Promise((resolve, reject) => {
    channel.consume(queue, message => {
      got.push(message)
      onMessage(message)
      if (got.length === count) resolve(got)
    }, options).catch(reject)
  }), `${count} messages`)
}

await main({
  publish_and_consume_in_order: () => withChannel(async channel => {
    const queue = await ownQueue(channel)
    await channel.prefetch(25)
    for (let n = 0; n < 300; n++) channel.sendToQueue(queue, Buffer.from(String(n)))
    const got = await collect(channel, queue, 300)
    assert.deepEqual(got.map(m => Number(m.content)), [...Array(300).keys()])
  }),

  confirms: () => withChannel(async channel => {
    const queue = await ownQueue(channel)
    let confirmed = 0
    for (let n = 0; n < 500; n++) {
      channel.publish('', queue, Buffer.from('m'), { persistent: true }, error => {
        if (error === null) confirmed++
      })
    }
    await channel.waitForConfirms()
    assert.equal(confirmed, 500)
    assert.equal((await channel.checkQueue(queue)).messageCount, 500)
    assert.equal((await channel.purgeQueue(queue)).messageCount, 500)
  }, { confirm: true }),

  mandatory_return: () => withChannel(async channel => {
    const key = uniqueName('absent')
    const returned = eventOf(channel, 'return')
    channel.publish('', key, Buffer.from('lost'), { mandatory: true })
    await channel.waitForConfirms()
    const [message] = await returned
    assert.equal(message.fields.replyCode, 312)
    assert.equal(message.fields.replyText, 'NO_ROUTE')
    assert.equal(message.fields.routingKey, key)
    assert.equal(message.content.toString(), 'lost')
  }, { confirm: true }),

  properties_and_headers: () => withChannel(async channel => {
    const queue = await ownQueue(channel)
    const headers = {
      small: 7, negative: -70000, big: 2 ** 40, float: 0.5, text: 'ünï', yes: true, nothing: null,
      list: [1, 'two', [3]], table: { a: { b: 1 } }, bytes: Buffer.from([0, 255])
    }
    const sent = {
      contentType: 'text/plain', contentEncoding: 'utf-8', headers, deliveryMode: 2, priority: 4,
      correlationId: 'c', replyTo: 'r', expiration: '60000', messageId: 'm',
      timestamp: 1700000000, type: 'kind', userId: 'guest', appId: 'e2e'
    }
    channel.publish('', queue, Buffer.from('body'), sent)
    const [message] = await collect(channel, queue, 1)
    for (const [name, value] of Object.entries(sent)) {
      assert.deepEqual(message.properties[name], value, name)
    }
  }),

  large_body: () => withChannel(async channel => {
    const queue = await ownQueue(channel)
    const body = Buffer.alloc(3_000_000, 'abcdefg')
    channel.sendToQueue(queue, body)
    const [message] = await collect(channel, queue, 1)
    assert.ok(message.content.equals(body), '3 MB come back unchanged')
  }, { frameMax: 8192 }),

  get_nack_and_redelivery: () => withChannel(async channel => {
    const queue = await ownQueue(channel)
    assert.equal(await channel.get(queue), false)
    channel.sendToQueue(queue, Buffer.from('again'))
    const first = await channel.get(queue)
    assert.equal(first.fields.redelivered, false)
    channel.nack(first, false, true)
    const second = await channel.get(queue)
    assert.equal(second.fields.redelivered, true)
    await channel.recover()
    const third = await channel.get(queue)
    assert.equal(third.fields.redelivered, true)
    channel.reject(third, false)
    assert.equal(await channel.get(queue), false)
  }),

  exchanges_and_bindings: () => withChannel(async channel => {
    const source = uniqueName('source')
    const target = uniqueName('target')
    const queue = await ownQueue(channel)
    await channel.assertExchange(source, 'topic', { autoDelete: true })
    await channel.assertExchange(target, 'headers', { autoDelete: true })
    await channel.bindExchange(target, source, 'go.#')
    await channel.bindQueue(queue, target, '', { 'x-match': 'any', a: 1, b: 2 })
    for (const [key, headers] of [['go', { a: 1 }], ['stop', { a: 1 }], ['go.on', { c: 1 }]]) {
      channel.publish(source, key, Buffer.from(key), { headers })
    }
    channel.publish(source, 'go.far', Buffer.from('last'), { headers: { b: 2 } })
    const got = await collect(channel, queue, 2)
    assert.deepEqual(got.map(m => m.content.toString()), ['go', 'last'])
    await channel.unbindExchange(target, source, 'go.#')
  }),

  cancelled_when_the_queue_goes: () => withChannel(async channel => {
    const queue = await ownQueue(channel)
    const cancelled = new Promise(resolve => channel.consume(queue, resolve))
    await channel.deleteQueue(queue)
    assert.equal(await within(cancelled, 'the cancel'), null)
  }),

  request_and_direct_reply: () => withChannel(async channel => {
    const queue = await ownQueue(channel)
    const reply = collect(channel, 'amq.rabbitmq.reply-to', 1, { noAck: true, onMessage () {} })
    await channel.consume(queue, request => {
      channel.sendToQueue(request.properties.replyTo, Buffer.from(`to ${request.content}`))
      channel.ack(request)
    })
    channel.sendToQueue(queue, Buffer.from('you'), { replyTo: 'amq.rabbitmq.reply-to' })
    assert.equal((await reply)[0].content.toString(), 'to you')
  }),

  told_off_404: () => withChannel(async channel => {
    const name = uniqueName('absent')
    const closed = eventOf(channel, 'error')
    const error = await refusal(channel.checkQueue(name), 'a passive declare')
    assert.match(error.message, /404 \(NOT-FOUND\)/)
    assert.ok(error.message.includes(`"NOT_FOUND - no queue '${name}' in vhost '/'"`),
      error.message)
    assert.equal((await closed)[0].code, 404)
  }),

  told_off_406: () => withChannel(async channel => {
    const queue = await ownQueue(channel)
    const error = await refusal(
      channel.assertQueue(queue, { exclusive: true, autoDelete: true }), 'another auto_delete')
    assert.equal(error.code, 406)
    const text = 'PRECONDITION_FAILED - inequivalent arg \'auto_delete\' for queue ' +
      `'${queue}' in vhost '/': received 'true' but current is 'false'`
    assert.ok(error.message.includes(text), error.message)
  }),

  told_off_406_unknown_tag: () => withChannel(async channel => {
    const queue = await ownQueue(channel)
    channel.sendToQueue(queue, Buffer.from('m'))
    const message = await channel.get(queue)
    channel.ack(message)
    const closed = eventOf(channel, 'error')
    channel.ack(message)
    assert.match((await closed)[0].message, /406 .*PRECONDITION_FAILED - unknown delivery tag 1"/)
  }),

  told_off_403_credentials: async () => {
    const error = await refusal(withChannel(() => {}, { password: 'wrong' }), 'a wrong password')
    assert.match(error.message, /403 \(ACCESS[-_]REFUSED\)/)
    assert.match(error.message, /ACCESS_REFUSED - Login was refused using authentication mechanism/)
  },

  told_off_530_virtual_host: async () => {
    // This client does not tell the text of a refused open, only that it was closed.
    const error = await refusal(withChannel(() => {}, { vhost: 'absent' }), 'an absent vhost')
    assert.match(error.message, /Expected ConnectionOpenOk; got <ConnectionClose channel:0>/)
  },

  told_off_404_connection_lives: () => withChannel(async (channel, connection) => {
    const closed = eventOf(channel, 'close')
    channel.publish(uniqueName('absent'), '', Buffer.from('m'))
    await closed
    const other = await connection.createChannel()
    const queue = await ownQueue(other)
    other.sendToQueue(queue, Buffer.from('alive'))
    assert.equal((await collect(other, queue, 1))[0].content.toString(), 'alive')
  })
})
