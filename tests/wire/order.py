"""Order on one channel: what is sent behind a publish, in one write with it, sees the queue after
the message was delivered or has expired."""
from amqp_raw import content, method
from basic import CONSUME, EMPTY, GET, got
from suite import Family

family = Family('order')
case = family.case

DELIVER = ("ch1 Basic.Deliver {'consumer_tag': 't', 'delivery_tag': 1, 'redelivered': False, "
           "'exchange': '', 'routing_key': 'o'} ; ch1 HEADER size=3 ; ch1 BODY 3")


def either_way(answer):
    """The answer and the delivery come from different places: RabbitMQ promises no order."""
    return f'{answer} ; {DELIVER}', f'{DELIVER} ; {answer}'


def declared(count, consumers=0):
    return (f"ch1 Queue.DeclareOk {{'queue': 'o', 'message_count': {count}, "
            f"'consumer_count': {consumers}}}")


def behind_publish(name, golden, method_name, /, consumer=True, arguments=None, expiration=None,
                   **what):
    """A publish to queue o and one method more in a single write."""
    @case(name, golden)
    def run(p):
        p.open()
        p.call(1, 'Queue.Declare', queue='%o', exclusive=True, arguments=arguments or {})
        if consumer:
            p.call(1, CONSUME, queue='%o', consumer_tag='t')
        queue = p.name('o')
        properties = {'expiration': expiration} if expiration else None
        what_else = {key: queue if value == '%o' else value for key, value in what.items()}
        p.raw(method(1, 'Basic.Publish', routing_key=queue) +
              content(1, b'abc', properties, p.payload_max) + method(1, method_name, **what_else))
        return p.observe()


behind_publish('get behind publish, consumer waits', either_way(EMPTY), GET, queue='%o')
behind_publish('purge behind publish, consumer waits',
               either_way("ch1 Queue.PurgeOk {'message_count': 0}"), 'Queue.Purge', queue='%o')
behind_publish('cancel behind publish',
               f"{DELIVER} ; ch1 Basic.CancelOk {{'consumer_tag': 't'}}", 'Basic.Cancel',
               consumer_tag='t')
behind_publish('passive declare behind publish, consumer waits', either_way(declared(0, 1)),
               'Queue.Declare', queue='%o', passive=True)
behind_publish('get behind publish, nobody waits', got('o'), GET, consumer=False, queue='%o',
               no_ack=True)
NO_TIME = {'consumer': False, 'arguments': {'x-message-ttl': 0}}
behind_publish('x-message-ttl 0: get', EMPTY, GET, queue='%o', **NO_TIME)
behind_publish('expiration 0: get', EMPTY, GET, queue='%o', consumer=False, expiration='0')
behind_publish('x-message-ttl 0: passive declare', declared(0), 'Queue.Declare', queue='%o',
               passive=True, **NO_TIME)
behind_publish('x-message-ttl 0: consume', "ch1 Basic.ConsumeOk {'consumer_tag': 't'}", CONSUME,
               queue='%o', consumer_tag='t', **NO_TIME)
