"""The cases of the comparison and the lines of the table they make."""
from dataclasses import dataclass, field

FULL = {'duration': 3, 'warmup': 1, 'connections': 2000, 'queues': 20000, 'durable_queues': 5000,
        'backlog': 1000000, 'time_scale': 0.5}
QUICK = {'duration': 1, 'warmup': 0.5, 'connections': 500, 'queues': 2000, 'durable_queues': 500,
         'backlog': 200000, 'time_scale': 0.1}
CONFIRMS = '--confirm 1000 --prefetch 1000 --ack-batch 10'


@dataclass(frozen=True)
class Row:
    """One line of the table, taken from a case's JSON."""
    title: str
    path: str                 # of the number: keys joined by dots
    unit: str = '/s'
    lower_is_better: bool = False
    cpu_path: str = 'broker.cpu_us_per_message'  # empty: no such number
    scale: float = 1          # what the number is multiplied by for its unit


@dataclass(frozen=True)
class Case:
    key: str
    arguments: list
    rows: list = field(default_factory=list)
    fresh: bool = False       # needs a broker that did nothing yet
    backlog: int = 0          # messages of a backlog with restarts (compare_backlog.py)

    @property
    def on_disk(self):
        return '--persistent' in self.arguments or self.backlog > 0

    @property
    def is_scenario(self):
        """One of `lepus-perf list`: clients of several kinds at once."""
        return self.arguments[0] == 'run'


def say(name, text):
    """A line of a program's report, as soon as it is known."""
    print(f'{name:<9} {text}', flush=True)


def thousands(count):
    return f'{count:,}'.replace(',', ' ')


def delivered(title):
    return [Row(title, 'delivered_per_s')]


def throughput(key, title, text):
    return Case(key, ['throughput'] + text.split(), delivered(title))


def confirm_row(name):
    return Row(f'– latency of a confirm, {name}', f'confirm_latency_us.{name}', 'µs', True, '')


def persistent(key, title, text):
    """Through the disk and on to consumers."""
    return Case(key, ['throughput', '--persistent'] + f'{CONFIRMS} {text}'.split(),
                delivered(f'persistent {title}, confirms (window 1 000), manual ack (every 10th)')
                + [confirm_row('p50'), confirm_row('p99')])


def persistent_cases():
    four = '--producers 4 --queues 4 --consumers 4'
    return [
        persistent('persist-128', '128 B, 1 producer, 1 queue, 1 consumer', ''),
        persistent('persist-1k', '1 KiB, 1 producer, 1 queue, 1 consumer', '--body-size 1k'),
        persistent('persist-4x4x4-128', '128 B, 4 producers, 4 queues, 4 consumers', four),
        persistent('persist-4x4x4-1k', '1 KiB, 4 producers, 4 queues, 4 consumers',
                   f'{four} --body-size 1k'),
        # The client spins: it would pay for a wake-up of its own on top of the broker's answer.
        Case('persist-one', ['throughput', '--persistent', '--confirm', '1', '--consumers', '0',
                             '--spin'],
             [Row('persistent 128 B, one at a time (window 1), no consumer', 'confirmed_per_s'),
              confirm_row('p50'), confirm_row('p99')]),
        Case('persist-one-consumed', ['throughput', '--persistent', '--confirm', '1'],
             [Row('persistent 128 B, one at a time (window 1), manual ack', 'delivered_per_s'),
              confirm_row('p50')]),
    ]


def queue_case(key, count, kind, arguments):
    return Case(key, ['queues', '--count', str(count), *arguments],
                [Row(f'memory per idle {kind} (of {thousands(count)})', 'broker.rss_kib_each',
                     'KiB', True, ''),
                 Row(f'{kind} declares, pipelined', 'created_per_s', '/s', False,
                     'broker.cpu_us_each')], True)


def backlog_case(count):
    return Case('backlog', ['--confirm', '1000'], [
        Row(f'{thousands(count)} persistent messages of 128 B without a consumer, confirms',
            'fill.confirmed_per_s', '/s', False, 'fill.broker.cpu_us_per_message'),
        Row('– memory, at most', 'fill.rss_kib_max', 'MiB', True, '', 1 / 1024),
        Row('– disk', 'fill.disk_kib', 'MiB', True, '', 1 / 1024),
        Row('– start after SIGKILL', 'killed.start_s', 's', True, ''),
        Row('– start after SIGTERM', 'stopped.start_s', 's', True, ''),
        Row('– memory after the start', 'drain.broker.rss_kib_start', 'MiB', True, '', 1 / 1024),
        Row('– consumed after the start, manual ack (every 100th)', 'drain.delivered_per_s', '/s',
            False, 'drain.broker.cpu_us_per_message'),
        Row('start with nothing stored', 'empty.start_s', 's', True, ''),
    ], True, count)


def scenario(name, scale, *rows):
    """One of `lepus-perf list`."""
    return Case(name, ['run', name, '--time-scale', str(scale['time_scale'])], list(rows))


def scenario_cases(scale):
    return [
        scenario('php', scale, Row('connect, publish one persistent message, confirm, close',
                                   'operations_per_s')),
        scenario('noisy-neighbour', scale,
                 Row('500 msg/s beside 4 producers and 4 consumers at full speed, p99',
                     'groups.quiet-consumer.latency_us.p99', 'µs', True, ''),
                 Row('– what these have meanwhile', 'groups.noisy-consumers.delivered_per_s', '/s',
                     False, '')),
        scenario('reconnect-storm', scale,
                 Row('1 400 connections cut at once, until one is back, p99',
                     'connect_latency_us.p99', 'µs', True, '')),
        scenario('poller', scale,
                 Row('2 000 msg/s beside 20 clients that poll 50 queues, p99',
                     'groups.consumer.latency_us.p99', 'µs', True, '')),
        scenario('starved-consumer', scale,
                 Row('what one consumer with prefetch 10 gets from 8 producers at full speed',
                     'phases.flood.delivered_per_s', '/s', False, '')),
        scenario('connection-churn', scale,
                 Row('16 clients that connect and leave, 4 that open channels, 4 that declare '
                     'queues: connections', 'groups.connections.operations_per_s', '/s', False,
                     ''),
                 Row('– 2 000 msg/s beside them, p99', 'groups.consumer.latency_us.p99', 'µs',
                     True, '')),
        scenario('idle-connections', scale,
                 Row('10 000 connections, until all are open', 'connect_s', 's', True, ''),
                 Row('– 1 000 msg/s among them, p99', 'groups.consumers.latency_us.p99', 'µs', True,
                     '')),
        scenario('wide-fanout', scale,
                 Row('each message to 200 queues, 200 a second, p99',
                     'phases.steady.latency_us.p99', 'µs', True, ''),
                 Row('– 2 000 a second, deliveries', 'phases.burst.delivered_per_s', '/s', False,
                     '')),
    ]


def cases(scale):
    time = ['--duration', str(scale['duration']), '--warmup', str(scale['warmup'])]
    routed = '--queues 4 --consumers 4 --auto-ack'
    listed = [
        throughput('auto-ack', '128 B, 1 producer, 1 queue, 1 consumer, auto-ack', '--auto-ack'),
        throughput('confirm', '128 B, confirms (window 1 000), manual ack (every 10th)', CONFIRMS),
        Case('latency', ['throughput', '--rate', '5000', '--auto-ack'], [
            Row('latency p50 at 5 000 msg/s', 'latency_us.p50', 'µs', True),
            Row('latency p99 at 5 000 msg/s', 'latency_us.p99', 'µs', True, '')]),
        throughput('4x4x4', '128 B, 4 producers, 4 queues, 4 consumers, auto-ack',
                   '--producers 4 --queues 4 --consumers 4 --auto-ack'),
        throughput('1k', '1 KiB, auto-ack', '--body-size 1k --auto-ack'),
        throughput('64k', '64 KiB, auto-ack', '--body-size 64k --auto-ack'),
        throughput('1m', '1 MiB, auto-ack', '--body-size 1m --auto-ack'),
        throughput('fanout', 'fanout to 10 queues, deliveries',
                   '--exchange fanout --queues 10 --consumers 10 --auto-ack'),
        throughput('direct', 'direct exchange, 4 queues', f'--exchange direct {routed}'),
        throughput('topic', 'topic exchange, 4 queues', f'--exchange topic {routed}'),
        throughput('topic-1000', 'topic exchange, 4 queues, 1 000 non-matching bindings each',
                   f'--exchange topic {routed} --bindings 1000'),
        Case('rpc', ['rpc'], delivered('request/reply round trips, one at a time')),
        Case('churn', ['churn'], delivered('connections opened and closed')),
        *persistent_cases(),
    ]
    listed = [Case(case.key, case.arguments + time, case.rows) for case in listed]
    count = scale['connections']
    return listed + scenario_cases(scale) + [
        Case('connections', ['connections', '--count', str(count), '--duration', '1'],
             [Row(f'memory per idle connection (of {thousands(count)})', 'broker.rss_kib_each',
                  'KiB', True, '')], True),
        queue_case('queues', scale['queues'], 'queue', []),
        queue_case('durable-queues', scale['durable_queues'], 'durable queue', ['--persistent']),
        backlog_case(scale['backlog']),
    ]
