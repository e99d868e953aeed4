"""Basic class: publish, return, get, consume, cancel, qos, acknowledgements, recover."""
from suite import NOTHING, Family, call, channel_close, refusal

family = Family('basic')
case, answers, refuses = family.case, family.answers, family.refuses

PUBLISH, CONSUME, GET, ACK = 'Basic.Publish', 'Basic.Consume', 'Basic.Get', 'Basic.Ack'
OWN = call('Queue.Declare', exclusive=True)
NO_QUEUE, NO_EXCHANGE = "no queue 'nope.q' in vhost '/'", "no exchange 'nope.x' in vhost '/'"
IN_USE = "queue 'amq.gen-<22 base64url>' in vhost '/' in exclusive use"
EMPTY = "ch1 Basic.GetEmpty {'cluster_id': ''}"
REPLY_TO = 'amq.rabbitmq.reply-to'


def returned(size):
    """basic.return of a message that was published with key nope.q."""
    return ("ch1 Basic.Return {'reply_code': 312, 'reply_text': 'NO_ROUTE', 'exchange': '', "
            f"'routing_key': 'nope.q'}} ; ch1 HEADER size={size} ; ch1 BODY {size}")


NO_CONSUMERS = returned(3).replace('312', '313').replace('NO_ROUTE', 'NO_CONSUMERS')


def confirmed(*tags):
    return ' ; '.join(f"ch1 Basic.Ack {{'delivery_tag': {tag}, 'multiple': False}}" for tag in tags)


def got(label, tag=1, redelivered=False, size=3):
    body = f' ; ch1 BODY {size}' if size else ''
    return (f"ch1 Basic.GetOk {{'delivery_tag': {tag}, 'redelivered': {redelivered}, "
            f"'exchange': '', 'routing_key': '{label}', 'message_count': 0}} ; "
            f"ch1 HEADER size={size}{body}")


def delivered(label, size):
    return ("ch1 Basic.ConsumeOk {'consumer_tag': 't'} ; "
            "ch1 Basic.Deliver {'consumer_tag': 't', 'delivery_tag': 1, 'redelivered': False, "
            f"'exchange': '', 'routing_key': '{label}'}} ; "
            f"ch1 HEADER size={size} ; ch1 BODY {size}")


def published(p, label, *bodies):
    """Declares a queue, fills it through the default exchange, waits until it holds them all."""
    p.open()
    p.call(1, 'Queue.Declare', queue=f'%{label}')
    for body in bodies:
        p.publish(key=p.name(label), body=body)
    p.stored(f'%{label}', len(bodies))


# --- publish ---

def publishes(name, golden, confirm=False, later=False, lepus=None, **arguments):
    """One message, after confirm.select where asked for."""
    @case(name, golden, lepus, later=later)
    def run(p):
        p.open()
        if confirm:
            p.call(1, 'Confirm.Select')
        p.publish(**{'key': 'nope.q', **arguments})
        return p.observe()


def bad_publish(name, detail, properties, later=False):
    publishes(name, refusal(406, detail, PUBLISH), properties=properties, mandatory=True,
              later=later)


publishes('publish missing exchange', refusal(404, NO_EXCHANGE, PUBLISH), exchange='nope.x')
publishes('publish unroutable mandatory -> return', returned(5), mandatory=True, body=b'hello')
publishes('publish unroutable mandatory with confirm: return precedes ack',
          f'{returned(5)} ; {confirmed(1)}', confirm=True, mandatory=True, body=b'hello')
publishes('publish unroutable non-mandatory confirm', confirmed(1), confirm=True)
publishes('publish to missing exchange in confirm mode', refusal(404, NO_EXCHANGE, PUBLISH),
          confirm=True, exchange='nope.x')
publishes('publish immediate', refusal(540, 'immediate=true', PUBLISH), immediate=True,
          lepus=NO_CONSUMERS)
publishes('publish immediate and mandatory', refusal(540, 'immediate=true', PUBLISH),
          immediate=True, mandatory=True, lepus=returned(3))
publishes('publish immediate with confirm: return precedes ack',
          refusal(540, 'immediate=true', PUBLISH), confirm=True, immediate=True,
          lepus=f'{NO_CONSUMERS} ; {confirmed(1)}')


@case('publish immediate with a consumer', refusal(540, 'immediate=true', PUBLISH),
      lepus="ch1 Basic.Deliver {'consumer_tag': 't', 'delivery_tag': 1, 'redelivered': False, "
            "'exchange': '', 'routing_key': 'probe.im'} ; ch1 HEADER size=3 ; ch1 BODY 3")
def immediate_with_consumer(p):
    p.open()
    p.call(1, 'Queue.Declare', queue='%probe.im', exclusive=True)
    p.call(1, CONSUME, queue='%probe.im', consumer_tag='t')
    p.publish(key=p.name('probe.im'), immediate=True)
    return p.observe()


bad_publish('publish user_id mismatch',
            "user_id property set to 'other' but authenticated user was 'guest'",
            {'user_id': 'other'})
publishes('publish user_id match', returned(1), mandatory=True, body=b'x',
          properties={'user_id': 'guest'})


def bad_expiration(name, value, why):
    bad_publish(name, f"invalid expiration '{value}': {why}", {'expiration': value}, later=True)


bad_expiration('publish expiration non-numeric', 'abc', 'no_integer')
bad_expiration('publish expiration negative', '-1', '{value_negative,-1}')
bad_expiration('publish expiration float', '1.5', '{leftover_string,".5"}')
bad_expiration('publish expiration too large', '9999999999999',
               '{value_too_large,9999999999999}')
bad_expiration('publish expiration above ten years', '315360000001',
               '{value_too_large,315360000001}')
publishes('publish expiration of ten years', returned(1), mandatory=True, body=b'x',
          properties={'expiration': '315360000000'})
for header in ('CC', 'BCC'):
    bad_publish(f'publish {header} header not array',
                f'invalid message: {{unacceptable_type_in_header,"{header}",longstr}}',
                {'headers': {header: 'nope.q'}})
bad_publish('publish reply_to amq.rabbitmq.reply-to without consumer',
            'fast reply consumer does not exist', {'reply_to': REPLY_TO}, later=True)
for mode in (7, 0):
    bad_publish(f'publish delivery_mode {mode}',
                f'invalid message: {{delivery_mode_unknown,{mode}}}', {'delivery_mode': mode})
publishes('publish priority 255', returned(1), mandatory=True, body=b'x',
          properties={'priority': 255})


# --- confirms ---

@case('confirm on routed non-persistent', confirmed(1))
def confirm_routed(p):
    p.open()
    queue = p.call(1, 'Queue.Declare', exclusive=True)['queue']
    p.call(1, 'Confirm.Select')
    p.publish(key=queue)
    return p.observe()


@case('confirm publish to routed + unroutable burst of 3', confirmed(1, 2, 3))
def confirm_burst(p):
    """Acks may be coalesced and come in any order: what counts is the set of numbers."""
    p.open()
    queue = p.call(1, 'Queue.Declare', exclusive=True)['queue']
    p.call(1, 'Confirm.Select')
    for key in (queue, 'nope.q', queue):
        p.publish(key=key)
    return ' ; '.join(sorted(p.observe().split(' ; ')))


NACK = "ch1 Basic.Nack {'delivery_tag': 2, 'multiple': True, 'requeue': True}"


@case('reject-publish overflow -> nack', NACK, later=True,
      lepus=(NACK, NACK.replace("'multiple': True", "'multiple': False")))
def reject_publish(p):
    p.open()
    queue = p.call(1, 'Queue.Declare', exclusive=True,
                   arguments={'x-max-length': 1, 'x-overflow': 'reject-publish'})['queue']
    p.call(1, 'Confirm.Select')
    p.publish(key=queue)
    p.expect('Basic.Ack')
    p.publish(key=queue)
    return p.observe()


# --- consume and cancel ---

refuses('consume missing queue', 404, NO_QUEUE, CONSUME, queue='nope.q')
refuses('consume duplicate tag', 530, "attempt to reuse consumer tag 't'", CONSUME,
        after=[OWN, call(CONSUME, consumer_tag='t')], consumer_tag='t')
answers('consume empty tag -> generated',
        "ch1 Basic.ConsumeOk {'consumer_tag': 'amq.ctag-<22 base64url>'}", CONSUME, after=[OWN])
refuses('exclusive consume while consumed', 403, IN_USE, CONSUME, after=[OWN, call(CONSUME)],
        exclusive=True)
refuses('consume while exclusively consumed', 403, IN_USE, CONSUME,
        after=[OWN, call(CONSUME, exclusive=True)])
refuses('consume x-priority string', 406, "invalid arg 'x-priority' for queue "
        "'amq.gen-<22 base64url>' in vhost '/': \"expected integer, got longstr\"", CONSUME,
        after=[OWN], arguments={'x-priority': 'high'})
refuses('consume x-stream-offset on a classic queue', 406, "invalid arg 'x-stream-offset' for "
        "queue 'amq.gen-<22 base64url>' in vhost '/' of queue type rabbit_classic_queue", CONSUME,
        after=[OWN], arguments={'x-stream-offset': 'first'})
refuses('consume reply-to without no_ack', 406, 'reply consumer cannot acknowledge', CONSUME,
        later=True, queue=REPLY_TO)
answers('consume reply-to', "ch1 Basic.ConsumeOk {'consumer_tag': 'r'}", CONSUME, later=True,
        queue=REPLY_TO, consumer_tag='r', no_ack=True)
refuses('consume reply-to twice', 406, 'reply consumer already set', CONSUME, later=True,
        after=[call(CONSUME, queue=REPLY_TO, consumer_tag='r', no_ack=True)],
        queue=REPLY_TO, consumer_tag='s', no_ack=True)
answers('queue.declare amq.rabbitmq.reply-to', f"ch1 Queue.DeclareOk {{'queue': '{REPLY_TO}', "
        "'message_count': 0, 'consumer_count': 1}", 'Queue.Declare', later=True, queue=REPLY_TO)
answers('cancel unknown tag', "ch1 Basic.CancelOk {'consumer_tag': 'nope'}", 'Basic.Cancel',
        consumer_tag='nope')


def cancel_notify(name, golden, **options):
    @case(name, golden)
    def run(p):
        p.open(**options)
        queue = p.call(1, 'Queue.Declare')['queue']
        p.call(1, CONSUME, queue=queue, consumer_tag='t')
        p.send(1, 'Queue.Delete', queue=queue)
        return p.observe()


DELETED = "ch1 Queue.DeleteOk {'message_count': 0}"
cancel_notify('consumer cancel notify on queue delete',
              DELETED + " ; ch1 Basic.Cancel {'consumer_tag': 't', 'nowait': True}")
cancel_notify('no cancel notify without capability', DELETED, capabilities=())


@case('consume delivers message fields', delivered('probe.dv', 3))
def consume_delivers(p):
    published(p, 'probe.dv', b'abc')
    p.send(1, CONSUME, queue='%probe.dv', consumer_tag='t')
    return p.observe()


@case('qos prefetch 1 then 3 messages: only one delivered', delivered('probe.q1', 1))
def prefetch_one(p):
    published(p, 'probe.q1', b'1', b'2', b'3')
    p.call(1, 'Basic.Qos', prefetch_count=1)
    p.send(1, CONSUME, queue='%probe.q1', consumer_tag='t')
    observed = p.observe()
    p.stored('%probe.q1', 2)
    return observed


# basic.credit is private to a plugin of RabbitMQ and in no published definition of the protocol.
refuses('basic.credit unknown tag', 406, "unknown consumer tag 'abc'", 'Basic.Credit',
        consumer_tag='abc', credit=1,
        lepus='ch0 Connection.Close 503 "COMMAND_INVALID - unknown method: class 60, method 200" '
              'class=60 method=200 ; server closes socket itself')


# --- get ---

refuses('get missing queue', 404, NO_QUEUE, GET, queue='nope.q')
answers('get empty', EMPTY, GET, after=[OWN])
refuses('get on a quorum queue with a single active consumer', 405,
        "cannot obtain access to locked queue 'probe.sq' in vhost '/'. basic.get operations are "
        'not supported by quorum queues with single active consumer', GET, queue='%probe.sq',
        after=[call('Queue.Declare', queue='%probe.sq', durable=True,
                    arguments={'x-queue-type': 'quorum', 'x-single-active-consumer': True})])


def gets(name, label, body):
    @case(name, got(label, size=len(body)))
    def run(p):
        published(p, label, body)
        p.send(1, GET, queue=f'%{label}')
        return p.observe()


gets('get one', 'probe.g', b'abc')
gets('publish empty body to queue and get', 'probe.e', b'')


@case('reject requeue -> redelivered=true on next get', got('probe.rq', tag=2, redelivered=True))
def reject_requeue(p):
    published(p, 'probe.rq', b'abc')
    p.get('%probe.rq', no_ack=False)
    p.send(1, 'Basic.Reject', delivery_tag=1, requeue=True)
    p.send(1, GET, queue='%probe.rq')
    return p.observe()


@case('channel close requeues unacked, redelivered', got('probe.rq', redelivered=True))
def close_requeues(p):
    published(p, 'probe.rq', b'abc')
    p.get('%probe.rq', no_ack=False)
    p.call(1, 'Channel.Close', reply_code=200)
    p.call(1, 'Channel.Open')
    p.stored('%probe.rq', 1)
    p.send(1, GET, queue='%probe.rq')
    return p.observe()


# --- qos ---

refuses('qos prefetch_size != 0', 540, 'prefetch_size!=0 (10)', 'Basic.Qos', prefetch_size=10,
        lepus='ch1 Basic.QosOk')


@case('qos prefetch_size 5 then 3 bytes, 3 bytes', refusal(
    540, 'prefetch_size!=0 (5)', 'Basic.Qos'),
      lepus=f"ch1 Basic.QosOk ; {delivered('probe.qs', 3)}")
def prefetch_bytes(p):
    published(p, 'probe.qs', b'abc', b'def')
    p.send(1, 'Basic.Qos', prefetch_size=5)
    p.send(1, CONSUME, queue='%probe.qs', consumer_tag='t')
    return p.observe()


answers('qos global', 'ch1 Basic.QosOk', 'Basic.Qos', **{'prefetch_count': 1, 'global': True})


# --- acknowledgements ---

def unknown_tag(name, tag, method=ACK, /, **arguments):
    refuses(name, 406, f'unknown delivery tag {tag}', method, delivery_tag=tag, **arguments)


unknown_tag('ack unknown tag', 99)
answers('ack tag 0 multiple with none outstanding', NOTHING, ACK, delivery_tag=0, multiple=True)
unknown_tag('ack tag 0 single', 0)
unknown_tag('ack multiple unknown tag', 5, multiple=True)
unknown_tag('nack unknown tag', 99, 'Basic.Nack')
answers('nack tag 0 multiple', NOTHING, 'Basic.Nack', delivery_tag=0, multiple=True)
unknown_tag('reject unknown tag', 99, 'Basic.Reject')


@case('ack twice', channel_close(406, 'unknown delivery tag 1', ACK))
def ack_twice(p):
    published(p, 'twice', b'abc')
    p.get('%twice', no_ack=False)
    p.send(1, ACK, delivery_tag=1)
    p.send(1, ACK, delivery_tag=1)
    return p.observe()


@case('ack no_ack delivery', channel_close(406, 'unknown delivery tag 1', ACK))
def ack_no_ack(p):
    published(p, 'noack', b'abc')
    p.get('%noack', no_ack=True)
    p.send(1, ACK, delivery_tag=1)
    return p.observe()


answers('recover requeue=true', 'ch1 Basic.RecoverOk', 'Basic.Recover', requeue=True)
refuses('recover requeue=false', 540, 'requeue=false', 'Basic.Recover', requeue=False,
        lepus='ch1 Basic.RecoverOk')


@case('recover requeue=false: to the same consumer', refusal(
    540, 'requeue=false', 'Basic.Recover'),
      lepus="ch1 Basic.RecoverOk ; ch1 Basic.Deliver {'consumer_tag': 't', 'delivery_tag': 2, "
            "'redelivered': True, 'exchange': '', 'routing_key': 'probe.rf'} ; "
            "ch1 HEADER size=3 ; ch1 BODY 3")
def recover_to_consumer(p):
    published(p, 'probe.rf', b'abc')
    p.call(1, CONSUME, queue='%probe.rf', consumer_tag='t')
    p.expect('Basic.Deliver')
    p.content()
    p.send(1, 'Basic.Recover', requeue=False)
    return p.observe()


answers('recover-async requeue=true', NOTHING, 'Basic.RecoverAsync', requeue=True)

# Obsolete class access: granted without a check.
answers('access.request', "ch1 Access.RequestOk {'ticket': 1}", 'Access.Request', realm='/data',
        active=True, write=True, read=True)
