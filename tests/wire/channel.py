"""Channel class: opening, closing, flow, and what is ignored while a channel is being closed."""
from amqp_raw import content
from suite import Family, call, channel_close, connection_close

family = Family('channel')
case = family.case

OPENED = "ch1 Channel.OpenOk {'channel_id': ''}"
NO_QUEUE = channel_close(404, "no queue 'nope.x' in vhost '/'", 'Queue.Declare')


def not_open(name, method, /, **arguments):
    """A method on channel 1, which was never opened."""
    @case(name, connection_close(504, "expected 'channel.open'", method))
    def run(p):
        p.connect()
        p.send(1, method, **arguments)
        if method == 'Basic.Publish':
            p.raw(content(1, b'abc'))
        return p.observe()


not_open('method on never-opened channel', 'Queue.Declare', exclusive=True)
not_open('publish on never-opened channel', 'Basic.Publish', routing_key='x')
not_open('channel.close on never-opened channel', 'Channel.Close', reply_code=200)
family.refuses('channel.close-ok unsolicited on open channel', 503, 'unimplemented method',
               'Channel.CloseOk')
family.refuses('second channel.open', 504, "second 'channel.open' seen", 'Channel.Open')
family.answers('channel.flow active=true', "ch1 Channel.FlowOk {'active': True}",
               'Channel.Flow', active=True)
family.refuses('channel.flow active=false', 540, 'active=false', 'Channel.Flow', active=False)


@case('channel.flow active=false, asked for', connection_close(
    540, 'active=false', 'Channel.Flow'), lepus="ch1 Channel.FlowOk {'active': False}")
def flow_asked_for(p):
    p.open(capabilities=('channel_flow',))
    p.send(1, 'Channel.Flow', active=False)
    return p.observe()


family.answers('channel.close -> close-ok', 'ch1 Channel.CloseOk',
               'Channel.Close', reply_code=200, reply_text='bye')
family.answers('reopen same channel after close', OPENED, 'Channel.Open',
               after=[call('Channel.Close', reply_code=200)])


def fail(p):
    """Makes the server close channel 1."""
    p.open()
    p.send(1, 'Queue.Declare', queue='nope.x', passive=True)


@case('methods after server channel.close are ignored', NO_QUEUE)
def ignored_after_close(p):
    fail(p)
    p.send(1, 'Queue.Declare', exclusive=True)
    p.publish(key='nope', mandatory=True)
    p.send(1, 'Basic.Qos', prefetch_count=1)
    return p.observe()


@case('reopen without close-ok', connection_close(
    504, "second 'channel.open' seen", 'Channel.Open'))
def reopen_without_close_ok(p):
    fail(p)
    p.expect('Channel.Close')
    p.send(1, 'Channel.Open')
    return p.observe()


@case('close-ok then reopen after server close', OPENED)
def reopen_after_close_ok(p):
    fail(p)
    p.expect('Channel.Close')
    p.send(1, 'Channel.CloseOk')
    p.send(1, 'Channel.Open')
    return p.observe()
