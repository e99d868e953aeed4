"""Queue class: declare and its equivalence checks, locks, bindings, purge, delete."""
from suite import Family, call, channel_close, connection_close

family = Family('queue')
case, answers, refuses = family.case, family.answers, family.refuses

DECLARE, DELETE, PURGE = 'Queue.Declare', 'Queue.Delete', 'Queue.Purge'
BIND, UNBIND = 'Queue.Bind', 'Queue.Unbind'
DEFAULT = 'operation not permitted on the default exchange'
NO_QUEUE, NO_EXCHANGE = "no queue 'nope.q' in vhost '/'", "no exchange 'nope.x' in vhost '/'"
NONE_DECLARED = 'no previously declared queue'
LOCKED = ("cannot obtain exclusive access to locked queue 'NAME' in vhost '/'. It could be "
          'originally declared on another connection or the exclusive property value does not '
          'match that of the original declaration.')
PLAIN = call(DECLARE, queue='%NAME')
OWN = call(DECLARE, exclusive=True)


def declared(label, messages=0):
    return (f"ch1 Queue.DeclareOk {{'queue': '{label}', 'message_count': {messages}, "
            "'consumer_count': 0}")


# --- declare ---

answers('server-named', declared('amq.gen-<22 base64url>'), DECLARE, exclusive=True)
refuses('amq. prefix', 403, "queue name 'amq.foo' contains reserved prefix 'amq.*'", DECLARE,
        queue='amq.foo')
refuses('passive amq.foo missing', 404, "no queue 'amq.foo' in vhost '/'", DECLARE,
        queue='amq.foo', passive=True)
refuses('passive missing', 404, NO_QUEUE, DECLARE, queue='nope.q', passive=True)
answers('declare', declared('NAME'), DECLARE, queue='%NAME')
answers('redeclare same', declared('NAME'), DECLARE, after=[PLAIN], queue='%NAME')
answers('passive with other props', declared('NAME'), DECLARE, after=[PLAIN], queue='%NAME',
        passive=True, durable=True, auto_delete=True, arguments={'x-message-ttl': 1})


def differs(name, argument, now, current, label='NAME', before=None, **arguments):
    """A second declare that is not equivalent; before holds x-arguments of the first one."""
    refuses(name, 406, f"inequivalent arg '{argument}' for queue '{label}' in vhost '/': "
            f"received {now} but current is {current}", DECLARE,
            after=[call(DECLARE, queue=f'%{label}', arguments=before or {})],
            queue=f'%{label}', **arguments)


differs('durable differs', 'durable', "'true'", "'false'", durable=True)
differs('auto_delete differs', 'auto_delete', "'true'", "'false'", auto_delete=True)
refuses('exclusive differs (non-exclusive existing)', 405, LOCKED, DECLARE, after=[PLAIN],
        queue='%NAME', exclusive=True)
differs('arg differs: x-message-ttl added', 'x-message-ttl',
        "the value '1000' of type 'signedint'", 'none', arguments={'x-message-ttl': 1000})
answers('unknown x-arg stored then redeclared without', declared('NAMEu'), DECLARE, queue='%NAMEu',
        after=[call(DECLARE, queue='%NAMEu', arguments={'x-nobody-knows': 1})])
differs('arg value differs (ttl 1000 vs 2000)', 'x-message-ttl', "'2000'", "'1000'", 'NAMEt',
        {'x-message-ttl': 1000}, arguments={'x-message-ttl': 2000})
differs('arg string differs (dlx)', 'x-dead-letter-exchange', "'amq.direct'", "'amq.fanout'",
        'NAMEd', {'x-dead-letter-exchange': 'amq.fanout'},
        arguments={'x-dead-letter-exchange': 'amq.direct'})
answers('classic explicit type equals no type', declared('probe.ct'), DECLARE, queue='%probe.ct',
        after=[call(DECLARE, queue='%probe.ct')], arguments={'x-queue-type': 'classic'})


@case('declare nowait mismatch still closes channel', channel_close(
    406, "inequivalent arg 'durable' for queue 'probe.nw' in vhost '/': received 'true' but "
    "current is 'false'", DECLARE))
def nowait_mismatch(p):
    p.open()
    p.call(1, DECLARE, queue='%probe.nw')
    p.send(1, DECLARE, queue='%probe.nw', durable=True, nowait=True)
    return p.observe()


# --- names ---

@case('name with CR LF stripped', declared('probecr'))
def name_with_line_end(p):
    p.open()
    bare = p.name('probecr')
    p.send(1, DECLARE, queue=f'{bare[:-2]}\r\n{bare[-2:]}', exclusive=True)
    return p.observe()


@case('name 255 bytes', declared('n*255'))
def longest_name(p):
    p.open()
    p.names['n*255'] = p.name('longest').ljust(255, 'n')
    p.send(1, DECLARE, queue=p.names['n*255'], exclusive=True)
    return p.observe()


@case('name with invalid UTF-8', connection_close(501, 'Malformed UTF-8 in shortstr'))
def name_not_utf8(p):
    p.open()
    p.send(1, DECLARE, queue=b'\xff\xfe', exclusive=True)
    return p.observe()


refuses('empty name with no previous declare: bind', 404, NONE_DECLARED, BIND,
        exchange='amq.direct', routing_key='k')
refuses('empty name with no previous declare: get', 404, NONE_DECLARED, 'Basic.Get')
refuses('empty name with no previous declare: delete', 404, NONE_DECLARED, DELETE)
answers('empty name = last declared: get', "ch1 Basic.GetEmpty {'cluster_id': ''}", 'Basic.Get',
        after=[OWN])


@case('empty name + empty key = queue name as key', 'ch1 Queue.BindOk')
def empty_name_empty_key(p):
    p.open()
    queue = p.call(1, DECLARE, exclusive=True)['queue']
    p.send(1, BIND, exchange='amq.direct')
    observed = p.observe()
    p.publish('amq.direct', queue)
    p.stored(queue, 1)
    return observed


# --- bind and unbind ---

refuses('bind missing queue', 404, NO_QUEUE, BIND, queue='nope.q', exchange='amq.direct')
refuses('bind missing exchange', 404, NO_EXCHANGE, BIND, after=[OWN], exchange='nope.x')
refuses('bind both missing', 404, NO_EXCHANGE, BIND, queue='nope.q', exchange='nope.x')
refuses('bind to default exchange', 403, DEFAULT, BIND, after=[OWN], exchange='')
refuses('unbind from default exchange', 403, DEFAULT, UNBIND, after=[OWN], exchange='')
answers('unbind missing binding', 'ch1 Queue.UnbindOk', UNBIND, after=[OWN], exchange='amq.direct',
        routing_key='nobody.bound.this')
answers('unbind missing queue', 'ch1 Queue.UnbindOk', UNBIND, queue='nope.q', exchange='amq.direct')
answers('unbind missing exchange', 'ch1 Queue.UnbindOk', UNBIND, after=[OWN], exchange='nope.x')
refuses('headers binding x-match bad', 406,
        'Invalid x-match field value <<"nope">>; expected all, any, all-with-x, or any-with-x',
        BIND, after=[OWN], exchange='amq.headers', arguments={'x-match': 'nope', 'a': 1})
refuses('headers binding x-match non-string', 406,
        'Invalid x-match field type signedint (value 1); expected longstr', BIND, after=[OWN],
        exchange='amq.headers', arguments={'x-match': 1, 'a': 1})
answers('headers binding without x-match', 'ch1 Queue.BindOk', BIND, after=[OWN],
        exchange='amq.headers', arguments={'a': 1})


# --- counts, purge, delete ---

answers('delete missing', "ch1 Queue.DeleteOk {'message_count': 0}", DELETE, queue='nope.q')
answers('delete ok -> count', "ch1 Queue.DeleteOk {'message_count': 0}", DELETE, after=[OWN])
refuses('purge missing', 404, NO_QUEUE, PURGE, queue='nope.q')
refuses('delete if_unused in use', 406, "queue 'NAME' in vhost '/' in use", DELETE,
        after=[PLAIN, call('Basic.Consume', queue='%NAME')], queue='%NAME', if_unused=True)


def with_messages(name, golden, label, count, method, /, **arguments):
    """A method on a queue that holds messages."""
    @case(name, golden)
    def run(p):
        p.open()
        p.call(1, DECLARE, queue=f'%{label}')
        for _ in range(count):
            p.publish(key=p.name(label))
        p.stored(f'%{label}', count)
        p.send(1, method, queue=f'%{label}', **arguments)
        return p.observe()


with_messages('delete if_empty not empty', channel_close(
    406, "queue 'NAME' in vhost '/' not empty", DELETE), 'NAME', 1, DELETE, if_empty=True)
with_messages('declare returns counts', declared('probe.cnt', 2), 'probe.cnt', 2, DECLARE)
with_messages('purge returns count', "ch1 Queue.PurgeOk {'message_count': 2}", 'probe.cnt', 2,
              PURGE)
with_messages('delete returns count', "ch1 Queue.DeleteOk {'message_count': 2}", 'probe.cnt', 2,
              DELETE)
