"""What a user may not do. Needs the user probe_limited (see README.md); all cases come later."""
from suite import Family, channel_close

family = Family('permissions')
ALLOWED = 'ok.q'       # probe_limited may do anything with names that begin with "ok."


def refused(kind, name):
    return f"access to {kind} '{name}' in vhost '/' refused for user 'probe_limited'"


def limited(name, code, detail, method, /, **arguments):
    @family.case(name, channel_close(code, detail, method), later=True)
    def run(p):
        p.open(user='probe_limited', password='probe')
        if method == 'Basic.Publish':
            p.publish(arguments['exchange'], 'zz.q')
        else:
            p.send(1, method, **arguments)
        return p.observe()


QUEUE, DIRECT = refused('queue', 'zz.q'), refused('exchange', 'amq.direct')
limited('queue.declare refused', 403, QUEUE, 'Queue.Declare', queue='zz.q')
limited('exchange.declare refused', 403, refused('exchange', 'zz.x'), 'Exchange.Declare',
        exchange='zz.x', type='direct')
limited('publish to unpermitted exchange', 403, DIRECT, 'Basic.Publish', exchange='amq.direct')
limited('publish to default exchange', 403, refused('exchange', 'amq.default'), 'Basic.Publish',
        exchange='')
limited('consume refused', 403, QUEUE, 'Basic.Consume', queue='zz.q')
limited('get refused', 403, QUEUE, 'Basic.Get', queue='zz.q')
limited('purge refused', 403, QUEUE, 'Queue.Purge', queue='zz.q')
limited('delete refused', 403, QUEUE, 'Queue.Delete', queue='zz.q')
limited('bind: read on exchange refused', 403, DIRECT, 'Queue.Bind', queue=ALLOWED,
        exchange='amq.direct', routing_key='k')
limited('passive declare needs no permission (missing queue -> 404)', 404,
        "no queue 'zz.q' in vhost '/'", 'Queue.Declare', queue='zz.q', passive=True)
limited('dlx write refused', 403, DIRECT, 'Queue.Declare', queue=ALLOWED, exclusive=True,
        arguments={'x-dead-letter-exchange': 'amq.direct'})
