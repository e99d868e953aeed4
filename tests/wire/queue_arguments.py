"""x-arguments of queue.declare, and exclusive queues seen from another connection."""
from amqp_methods import Tag
from queues import LOCKED, declared
from suite import NOTHING, Family, call, channel_close

DECLARE = 'Queue.Declare'

# --- another connection's exclusive queue ---

exclusive = Family('queue-exclusive')


def locked(name, method, /, **arguments):
    """A method of a second connection on a queue that is exclusive to the first."""
    @exclusive.case(name, channel_close(405, LOCKED, method))
    def run(p):
        p.open()
        p.other().call(1, DECLARE, queue='%NAME', exclusive=True)
        p.send(1, method, queue='%NAME', **arguments)
        return p.observe()


locked('declare exclusive queue of other connection', DECLARE)
locked('passive declare of it', DECLARE, passive=True)
locked('consume', 'Basic.Consume')
locked('get', 'Basic.Get')
locked('purge', 'Queue.Purge')
locked('delete', 'Queue.Delete')
locked('bind', 'Queue.Bind', exchange='amq.direct', routing_key='k')


@exclusive.case('publish via default exchange works', NOTHING)
def publish_to_exclusive(p):
    p.open()
    owner = p.other()
    owner.call(1, DECLARE, queue='%NAME', exclusive=True)
    p.publish(key=p.name('NAME'))
    observed = p.observe()
    owner.stored('%NAME', 1)
    return observed


# --- x-arguments ---

family = Family('queue-args')
CANNOT_NAME = 'Cannot declare a server-named queue for type'


def invalid(name, argument, value, why):
    """An x-argument that is refused."""
    family.refuses(name, 406, f"invalid arg '{argument}' for queue 'NAME' in vhost '/': {why}",
                   DECLARE, queue='%NAME', arguments={argument: value})


LONG_KEY = {'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'k' * 256}
family.refuses('dead letter routing key of 256 bytes', 406,
               "invalid arg 'x-dead-letter-routing-key' for queue 'NAME' in vhost '/': "
               '"a routing key has at most 255 bytes, this one has 256"', DECLARE,
               queue='%NAME', arguments=LONG_KEY)


def quorum(name, detail, queue_type='quorum', /, extra=None, lepus=None, **arguments):
    family.refuses(name, 406, detail, DECLARE, lepus=lepus,
                   arguments={'x-queue-type': queue_type, **(extra or {})}, **arguments)


INTEGER = '"expected integer, got longstr"'
invalid('x-message-ttl string', 'x-message-ttl', 'abc', INTEGER)
invalid('x-message-ttl negative', 'x-message-ttl', -1, '{value_negative,-1}')
family.answers('x-message-ttl too large', declared('NAME'), DECLARE, queue='%NAME',
               arguments={'x-message-ttl': Tag('l', 2 ** 32)})
TEN_YEARS = 315_360_000_000
for key in ('x-message-ttl', 'x-expires'):
    invalid(f'{key} above ten years', key, Tag('l', TEN_YEARS + 1),
            f'{{value_too_large,{TEN_YEARS + 1}}}')
    family.answers(f'{key} of ten years', declared('NAME'), DECLARE, queue='%NAME',
                   arguments={key: Tag('l', TEN_YEARS)})
family.answers('x-consumer-timeout differs on a classic queue', declared('NAME'), DECLARE,
               queue='%NAME', after=[call(DECLARE, queue='%NAME',
                                          arguments={'x-consumer-timeout': 60_000})],
               arguments={'x-consumer-timeout': 90_000})
invalid('x-expires 0', 'x-expires', 0, '{value_zero,0}')
invalid('x-expires string', 'x-expires', 'abc', INTEGER)
invalid('x-max-length negative', 'x-max-length', -1, '{value_negative,-1}')
invalid('x-max-length string', 'x-max-length', 'abc', INTEGER)
invalid('x-max-priority 256', 'x-max-priority', 256, '{max_value_exceeded,256}')
invalid('x-max-priority -1', 'x-max-priority', -1, '{value_negative,-1}')
invalid('x-max-priority string', 'x-max-priority', 'abc', INTEGER)
invalid('x-overflow bad', 'x-overflow', 'nope', 'invalid_overflow')
invalid('x-overflow non-string', 'x-overflow', 1, '{unacceptable_type,signedint}')
family.refuses('x-dead-letter-exchange non-string', 406, "invalid type 'signedint' for arg "
               "'x-dead-letter-exchange' in queue 'NAME' in vhost '/'", DECLARE, later=True,
               queue='%NAME', arguments={'x-dead-letter-exchange': 1})
invalid('x-dead-letter-routing-key without dlx', 'x-dead-letter-routing-key', 'k',
        'routing_key_but_no_dlx_defined')
invalid('x-dead-letter-routing-key non-string', 'x-dead-letter-routing-key', 1,
        '{unacceptable_type,signedint}')
invalid('x-queue-type unknown', 'x-queue-type', 'nope', '"unsupported queue type \'nope\'"')
invalid('x-queue-mode bad', 'x-queue-mode', 'nope', '"unsupported queue mode \'nope\'"')
invalid('x-single-active-consumer string', 'x-single-active-consumer', 'true',
        '{unacceptable_type,longstr}')
invalid('x-max-length-bytes -5', 'x-max-length-bytes', -5, '{value_negative,-5}')
invalid('x-queue-version 3', 'x-queue-version', 3, '"unsupported queue version \'3\'"')
quorum('quorum non-durable', "invalid property 'non-durable' for queue 'NAME' in vhost '/'",
       queue='%NAME')
quorum('quorum exclusive', "invalid property 'exclusive-owner' for queue 'NAME' in vhost '/'",
       queue='%NAME', durable=True, exclusive=True)
quorum('quorum with x-max-priority', "invalid arg 'x-max-priority' for queue 'NAME' in vhost '/' "
       'of queue type rabbit_quorum_queue', queue='%NAME', durable=True,
       extra={'x-max-priority': 5},
       lepus=declared('NAME'))    # harms nobody, and is asked for
quorum('quorum server-named', f'{CANNOT_NAME} rabbit_quorum_queue', durable=True)
quorum('stream server-named', f'{CANNOT_NAME} rabbit_stream_queue', 'stream', durable=True)

widening = Family('queue')
widening.answers('int type widening: ttl short vs long equal?', declared('probe.w'), DECLARE,
                 after=[call(DECLARE, queue='%probe.w',
                             arguments={'x-message-ttl': Tag('s', 1000)})],
                 queue='%probe.w', arguments={'x-message-ttl': Tag('l', 1000)})
