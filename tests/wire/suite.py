"""Cases of the wire suite, how an expected answer is written and how it is compared.

A case is a name, the answer RabbitMQ 3.10.8 gives (golden), the answer Lepus must give where that
is deliberately another one, and a function that speaks over a Probe and returns what it saw.

An expected answer is one string, or a tuple of strings of which any will do:

    frames are joined by " ; "
    …                                   stands for any text
    socket closed by server after 3.0s  about that many seconds
    socket closed by server in 0..4s    any time within the range

Where RabbitMQ 3.10.8 waits three seconds and closes without a word, Lepus may do so at once: SILENT
means exactly that, so only cases with a better answer than silence name one.
"""
import re

from amqp_methods import BY_NAME

NOTHING = '(nothing; connection stays open)'
SELF = ' ; server closes socket itself'
SILENT = 'socket closed by server after 3.0s'

REPLY_NAMES = {311: 'CONTENT_TOO_LARGE', 320: 'CONNECTION_FORCED', 402: 'INVALID_PATH',
               403: 'ACCESS_REFUSED', 404: 'NOT_FOUND', 405: 'RESOURCE_LOCKED',
               406: 'PRECONDITION_FAILED', 501: 'FRAME_ERROR', 502: 'SYNTAX_ERROR',
               503: 'COMMAND_INVALID', 504: 'CHANNEL_ERROR', 505: 'UNEXPECTED_FRAME',
               506: 'RESOURCE_ERROR', 530: 'NOT_ALLOWED', 540: 'NOT_IMPLEMENTED',
               541: 'INTERNAL_ERROR'}
CHANNEL_CODES = {311, 403, 404, 405, 406}

# Seconds that a busy machine may add to a time that was asked for, and take from it.
SLOWER, FASTER = 2.5, 0.6


def ids(of):
    """Class and method id; of is a method name, a pair of ids, or None for no method."""
    if of is None:
        return 0, 0
    return BY_NAME[of][0] if isinstance(of, str) else of


def channel_close(code, detail, of, channel=1):
    """What a failed channel is told; of is the method that failed."""
    class_id, method_id = ids(of)
    return (f'ch{channel} Channel.Close {code} "{REPLY_NAMES[code]} - {detail}" '
            f'class={class_id} method={method_id}')


def connection_close(code, detail, of=None):
    """What a failed connection is told; the server closes the socket after close-ok."""
    class_id, method_id = ids(of)
    return (f'ch0 Connection.Close {code} "{REPLY_NAMES[code]} - {detail}" '
            f'class={class_id} method={method_id}{SELF}')


def refusal(code, detail, of, channel=1):
    """channel_close or connection_close, whichever the code asks for."""
    if code in CHANNEL_CODES:
        return channel_close(code, detail, of, channel)
    return connection_close(code, detail, of)


class Case:
    """One row of the golden table, or one of the further cases of bad_input.py."""

    def __init__(self, family, name, golden, lepus, options, run):
        self.family, self.name, self.run = family, name, run
        self.golden = golden if isinstance(golden, tuple) else (golden,)
        if lepus is None:
            lepus = golden
        self.lepus = lepus if isinstance(lepus, tuple) else (lepus,)
        self.later = options.get('later', False)
        self.alone = options.get('alone', False)
        self.seconds = options.get('seconds', 0)

    def expected(self, rabbitmq):
        return self.golden if rabbitmq else self.lepus

    def title(self):
        return f'{self.family}: {self.name}'


class Family:
    """The cases of one file. Options of a case:

    later    belongs to semantics that the broker gets after the protocol (run with --all)
    seconds  how long the case waits by its nature; the longest ones are started first
    alone    runs after all others, by itself
    """

    def __init__(self, name):
        self.name, self.cases = name, []

    def case(self, name, golden, lepus=None, **options):
        def register(run):
            self.cases.append(Case(self.name, name, golden, lepus, options, run))
            return run
        return register

    def answers(self, name, golden, method, /, after=(), later=False, lepus=None, **arguments):
        """A case of one method on channel 1, after calls that set the stage."""
        def run(p):
            p.open()
            for earlier, values in after:
                p.call(1, earlier, **values)
            p.send(1, method, **arguments)
            return p.observe()
        self.cases.append(Case(self.name, name, golden, lepus, {'later': later}, run))

    def refuses(self, name, code, detail, method, /, after=(), later=False, lepus=None,
                **arguments):
        """A case of one method on channel 1 that must fail with code and detail."""
        self.answers(name, refusal(code, detail, method), method, after=after, later=later,
                     lepus=lepus, **arguments)


def call(method, /, **arguments):
    """A step for `after`."""
    return method, arguments


def frame_count(expected):
    """How many frames the expected answer has, and whether it ends with the end of the stream."""
    parts = [part for part in expected.split(' ; ') if part != NOTHING]
    ends = any(part.startswith('socket closed') for part in parts)
    frames = [part for part in parts if not part.startswith(('socket closed', 'server closes'))]
    return len(frames), ends


def part_matches(expected, observed):
    if expected == observed:
        return True
    seen = re.fullmatch(r'socket closed by server after ([0-9.]+)s', observed)
    about = re.fullmatch(r'socket closed by server after ([0-9.]+)s', expected)
    if seen and about:
        asked = float(about[1])
        return asked - FASTER <= float(seen[1]) <= asked + SLOWER
    within = re.fullmatch(r'socket closed by server in ([0-9.]+)\.\.([0-9.]+)s', expected)
    if seen and within:
        return float(within[1]) <= float(seen[1]) <= float(within[2]) + FASTER
    pattern = '.*'.join(re.escape(piece) for piece in expected.split('…'))
    return '…' in expected and re.fullmatch(pattern, observed, re.DOTALL) is not None


def matches(expected, observed):
    wanted, seen = expected.split(' ; '), observed.split(' ; ')
    return len(wanted) == len(seen) and all(map(part_matches, wanted, seen))
