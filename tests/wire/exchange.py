"""Exchange class: declare and its equivalence checks, delete, bindings between exchanges."""
from suite import NOTHING, Family, call, channel_close

family = Family('exchange')
case, answers, refuses = family.case, family.answers, family.refuses

DECLARE, DELETE, BIND = 'Exchange.Declare', 'Exchange.Delete', 'Exchange.Bind'
DEFAULT = 'operation not permitted on the default exchange'
MISSING = "no exchange 'nope.x' in vhost '/'"
DECLARED = 'ch1 Exchange.DeclareOk'
DIRECT = call(DECLARE, exchange='%NAME', type='direct')

# 3.10.8 ends the connection because of an unknown type; since 3.13 it is the channel's error.
refuses('declare unknown type', 503, "unknown exchange type 'nope'", DECLARE,
        exchange='%x', type='nope',
        lepus=channel_close(406, "unknown exchange type 'nope'", DECLARE))
refuses('declare empty type', 503, "invalid exchange type ''", DECLARE, exchange='%x', type='',
        lepus=channel_close(406, "invalid exchange type ''", DECLARE))
refuses('declare default exchange', 403, DEFAULT, DECLARE, exchange='', type='direct')
refuses('declare passive default exchange', 403, DEFAULT, DECLARE, exchange='', type='direct',
        passive=True)
refuses('declare amq.foo', 403, "exchange name 'amq.foo' contains reserved prefix 'amq.*'", DECLARE,
        exchange='amq.foo', type='direct')
answers('declare amq.direct equivalent', DECLARED, DECLARE,
        exchange='amq.direct', type='direct', durable=True)
refuses('declare amq.direct durable=false', 406,
        "inequivalent arg 'durable' for exchange 'amq.direct' in vhost '/': received 'false' but "
        "current is 'true'", DECLARE, exchange='amq.direct', type='direct')
answers('declare passive with empty type', DECLARED, DECLARE, exchange='amq.direct', passive=True)
answers('declare nowait', NOTHING, DECLARE, exchange='%NAME', type='direct', nowait=True)


def differs(name, argument, now, current, **arguments):
    refuses(name, 406, f"inequivalent arg '{argument}' for exchange 'NAME' in vhost '/': "
            f"received {now} but current is {current}", DECLARE, after=[DIRECT],
            **{'exchange': '%NAME', 'type': 'direct', **arguments})


differs('redeclare with other type', 'type', "'fanout'", "'direct'", type='fanout')
differs('redeclare durable differs', 'durable', "'true'", "'false'", durable=True)
differs('redeclare auto_delete differs', 'auto_delete', "'true'", "'false'", auto_delete=True)
differs('redeclare internal differs', 'internal', "'true'", "'false'", internal=True)
differs('redeclare args differ (alternate-exchange)', 'alternate-exchange',
        "the value 'amq.fanout' of type 'longstr'", 'none',
        arguments={'alternate-exchange': 'amq.fanout'})
answers('redeclare with unknown arg differs', DECLARED, DECLARE, after=[DIRECT],
        exchange='%NAME', type='direct', arguments={'x-nobody-knows': 1})
refuses('declare alternate-exchange wrong type', 406,
        "invalid type 'signedint' for arg 'alternate-exchange' in exchange 'NAME' in vhost '/'",
        DECLARE, exchange='%NAME', type='direct', arguments={'alternate-exchange': 1})
refuses('passive missing', 404, MISSING, DECLARE, exchange='nope.x', type='direct', passive=True)
answers('passive, other type/props, existing', DECLARED, DECLARE, after=[DIRECT], exchange='%NAME',
        type='fanout', passive=True, durable=True, auto_delete=True, internal=True)

answers('delete missing', 'ch1 Exchange.DeleteOk', DELETE, exchange='nope.x')
refuses('delete default', 403, DEFAULT, DELETE, exchange='')


def delete_system(name, exchange):
    refuses(name, 403, f"deletion of system exchange '{exchange}' in vhost '/' not allowed", DELETE,
            exchange=exchange)


delete_system('delete amq.direct', 'amq.direct')
delete_system('delete amq.nonexistent', 'amq.nope')
delete_system('delete amq.rabbitmq.trace', 'amq.rabbitmq.trace')
refuses('delete if_unused in use', 406, "exchange 'NAME' in vhost '/' in use", DELETE,
        exchange='%NAME', if_unused=True,
        after=[DIRECT, call('Queue.Declare', exclusive=True),
               call('Queue.Bind', exchange='%NAME', routing_key='k')])

refuses('bind missing source', 404, MISSING, BIND, source='nope.x', destination='amq.fanout')
refuses('bind missing destination', 404, MISSING, BIND, source='amq.fanout', destination='nope.x')
refuses('bind default exchange as source', 403, DEFAULT, BIND, source='', destination='amq.fanout')
answers('exchange.bind to self', 'ch1 Exchange.BindOk', BIND, after=[DIRECT],
        source='%NAME', destination='%NAME', routing_key='k')
answers('unbind missing binding', 'ch1 Exchange.UnbindOk', 'Exchange.Unbind',
        source='amq.fanout', destination='amq.direct', routing_key='nobody.bound.this')


@case('publish to internal exchange', channel_close(
    403, "cannot publish to internal exchange 'NAMEi' in vhost '/'", 'Basic.Publish'))
def publish_internal(p):
    p.open()
    p.call(1, DECLARE, exchange='%NAMEi', type='direct', internal=True)
    p.publish(p.name('NAMEi'), 'k')
    return p.observe()


@case('publish to amq.rabbitmq.trace (internal)', channel_close(
    403, "cannot publish to internal exchange 'amq.rabbitmq.trace' in vhost '/'", 'Basic.Publish'))
def publish_trace(p):
    p.open()
    p.publish('amq.rabbitmq.trace', 'k')
    return p.observe()


@case('name with CR LF is stripped', 'ch1 Exchange.DeclareOk ; ch1 Exchange.DeleteOk')
def name_with_line_end(p):
    p.open()
    bare = p.name('bare')
    ragged = f'{bare[:3]}\r\n{bare[3:]}'
    p.call(1, DECLARE, exchange=ragged, type='direct')
    p.call(1, DECLARE, exchange=bare, passive=True)
    p.send(1, DECLARE, exchange=ragged, type='direct')
    p.send(1, DELETE, exchange=bare)
    return p.observe()


@case('predeclared exchanges exist (passive, all)', ' ; '.join([DECLARED] * 6))
def predeclared(p):
    p.open()
    for name in ('direct', 'fanout', 'topic', 'headers', 'match', 'rabbitmq.trace'):
        p.send(1, DECLARE, exchange=f'amq.{name}', passive=True)
    return p.observe()
