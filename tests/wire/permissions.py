"""What a user may not do. Needs the users of users.json (see README.md).

RabbitMQ 3.10.8 says "access to queue ...", from 3.13 on it says which: "read access to queue ...",
as Lepus does.
"""
from suite import Family, channel_close, connection_close

family = Family('permissions')
case = family.case
ALLOWED = 'ok.q'       # probe_limited may do anything with names that begin with "ok."
NO_ROUTE = ("ch1 Basic.Return {{'reply_code': 312, 'reply_text': 'NO_ROUTE', 'exchange': '{}', "
            "'routing_key': '{}'}} ; ch1 HEADER size=3 ; ch1 BODY 3")


def refused(what, user='probe_limited'):
    return f"access to {what} in vhost '/' refused for user '{user}'"


def limited(name, permission, what, method, /, user='probe_limited', **arguments):
    """A method on channel 1 that is refused for lack of a permission on `what`."""
    detail = refused(what, user)
    @case(name, channel_close(403, detail, method),
          lepus=channel_close(403, f'{permission} {detail}', method))
    def run(p):
        p.open(user=user, password='probe')
        if method == 'Basic.Publish':
            p.publish(arguments['exchange'], arguments.get('key', 'zz.q'))
        else:
            p.send(1, method, **arguments)
        return p.observe()


QUEUE, DIRECT = "queue 'zz.q'", "exchange 'amq.direct'"
limited('queue.declare refused', 'configure', QUEUE, 'Queue.Declare', queue='zz.q')
limited('queue.declare of a name with CR refused', 'configure', "queue 'zzok.q'", 'Queue.Declare',
        queue='zz\rok.q')
limited('exchange.declare refused', 'configure', "exchange 'zz.x'", 'Exchange.Declare',
        exchange='zz.x', type='direct')
limited('exchange.delete refused', 'configure', "exchange 'zz.x'", 'Exchange.Delete',
        exchange='zz.x')
limited('publish to unpermitted exchange', 'write', DIRECT, 'Basic.Publish', exchange='amq.direct')
limited('publish to default exchange', 'write', "exchange 'amq.default'", 'Basic.Publish',
        exchange='')
limited('publish to unpermitted missing exchange', 'write', "exchange 'zz.x'", 'Basic.Publish',
        exchange='zz.x')
limited('publish to unpermitted internal exchange', 'write', "exchange 'amq.rabbitmq.trace'",
        'Basic.Publish', exchange='amq.rabbitmq.trace')
limited('consume refused', 'read', QUEUE, 'Basic.Consume', queue='zz.q')
limited('get refused', 'read', QUEUE, 'Basic.Get', queue='zz.q')
limited('purge refused', 'read', QUEUE, 'Queue.Purge', queue='zz.q')
limited('delete refused', 'configure', QUEUE, 'Queue.Delete', queue='zz.q')
limited('bind: write on queue refused', 'write', QUEUE, 'Queue.Bind', queue='zz.q',
        exchange='amq.direct', routing_key='k')
limited('bind: read on exchange refused', 'read', DIRECT, 'Queue.Bind', queue=ALLOWED,
        exchange='amq.direct', routing_key='k')
limited('unbind: read on exchange refused', 'read', DIRECT, 'Queue.Unbind', queue=ALLOWED,
        exchange='amq.direct', routing_key='k')
limited('exchange.bind: write on destination refused', 'write', DIRECT, 'Exchange.Bind',
        destination='amq.direct', source='ok.x', routing_key='k')
limited('exchange.bind: read on source refused', 'read', DIRECT, 'Exchange.Bind',
        destination='ok.x', source='amq.direct', routing_key='k')
limited('exchange.unbind: write on destination refused', 'write', DIRECT, 'Exchange.Unbind',
        destination='amq.direct', source='ok.x', routing_key='k')
limited('dlx write refused', 'write', DIRECT, 'Queue.Declare', queue=ALLOWED, exclusive=True,
        arguments={'x-dead-letter-exchange': 'amq.direct'})
limited('alternate exchange write refused', 'write', DIRECT, 'Exchange.Declare', exchange='ok.ae',
        type='fanout', arguments={'alternate-exchange': 'amq.direct'})


@case('passive declare needs no permission (missing queue -> 404)', channel_close(
    404, "no queue 'zz.q' in vhost '/'", 'Queue.Declare'))
def passive_queue(p):
    p.open(user='probe_limited', password='probe')
    p.send(1, 'Queue.Declare', queue='zz.q', passive=True)
    return p.observe()


@case('passive exchange declare needs no permission', 'ch1 Exchange.DeclareOk')
def passive_exchange(p):
    p.open(user='probe_limited', password='probe')
    p.send(1, 'Exchange.Declare', exchange='amq.direct', passive=True)
    return p.observe()


@case('default exchange in a bind is nobody\'s', channel_close(
    403, 'operation not permitted on the default exchange', 'Queue.Bind'))
def bind_default_exchange(p):
    p.open(user='probe_limited', password='probe')
    p.send(1, 'Queue.Bind', queue=ALLOWED, exchange='', routing_key='k')
    return p.observe()


# --- Topic permissions: probe_topic may write ^{username}\. and read ^ok\. at amq.topic

TOPIC = "topic '{}' in exchange 'amq.topic'"
limited('topic write refused', 'write', TOPIC.format('other.k'), 'Basic.Publish',
        user='probe_topic', exchange='amq.topic', key='other.k')
limited('topic read refused in a bind', 'read', TOPIC.format('other.k'), 'Queue.Bind',
        user='probe_topic', queue='any', exchange='amq.topic', routing_key='other.k')
limited('topic read refused in an unbind', 'read', TOPIC.format('other.k'), 'Queue.Unbind',
        user='probe_topic', queue='any', exchange='amq.topic', routing_key='other.k')


@case('topic write allowed', NO_ROUTE.format('amq.topic', 'probe_topic.k'))
def topic_write(p):
    p.open(user='probe_topic', password='probe')
    p.publish('amq.topic', 'probe_topic.k', mandatory=True)
    return p.observe()


@case('topic permissions are of their exchange only', NO_ROUTE.format('amq.direct', 'other.k'))
def topic_elsewhere(p):
    p.open(user='probe_topic', password='probe')
    p.publish('amq.direct', 'other.k', mandatory=True)
    return p.observe()


# RabbitMQ looks at the routing key alone until 3.13, then at those in CC and BCC as well.
@case('topic write refused for a key in CC', NO_ROUTE.format('amq.topic', 'probe_topic.k'),
      lepus=channel_close(403, 'write ' + refused(TOPIC.format('other.k'), 'probe_topic'),
                          'Basic.Publish'))
def topic_cc(p):
    p.open(user='probe_topic', password='probe')
    p.publish('amq.topic', 'probe_topic.k', mandatory=True,
              properties={'headers': {'CC': ['other.k']}})
    return p.observe()


@case('the next key is judged again', channel_close(
    403, refused(TOPIC.format('other.k'), 'probe_topic'), 'Basic.Publish'),
      lepus=channel_close(403, 'write ' + refused(TOPIC.format('other.k'), 'probe_topic'),
                          'Basic.Publish'))
def topic_next_key(p):
    p.open(user='probe_topic', password='probe')
    p.publish('amq.topic', 'probe_topic.k')
    p.publish('amq.topic', 'probe_topic.k')
    p.publish('amq.topic', 'other.k')
    return p.observe()


# --- Others

@case('impersonator names another user', NO_ROUTE.format('', 'zz.nowhere'))
def impersonator(p):
    p.open(user='probe_impersonator', password='probe')
    p.publish('', 'zz.nowhere', mandatory=True, properties={'user_id': 'somebody'})
    return p.observe()


@case('user limit of connections', connection_close(
    530, "connection refused for user 'probe_single': user connection limit (1) is reached",
    'Connection.Open'), alone=True)
def connection_limit(p):
    p.other(user='probe_single', password='probe')
    p.login(user='probe_single', password='probe')
    p.tune_ok()
    p.send(0, 'Connection.Open', virtual_host='/')
    return p.observe()


@case('user limit of channels', connection_close(
    530, "number of channels opened for user 'probe_channels' has reached the maximum allowed user "
    'limit of (2)'), alone=True)
def channel_limit(p):
    p.open(user='probe_channels', password='probe')
    p.call(2, 'Channel.Open')
    p.send(3, 'Channel.Open')
    return p.observe()
