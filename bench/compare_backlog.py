"""A backlog of persistent messages: published without a consumer, kept through restarts, drained.

    fill → [end the broker → start it again]… → drain → nothing may be missing, nothing left

Before each start the kernel forgets what it caches of the broker's files, so that a broker that
reads through the page cache finds it as cold as one that does not. The report has one number for
each question, at the paths that the table names.
"""
import signal

from compare_brokers import BrokerError
from compare_machine import cpu_s, disk_kib, forget_cached, memory_kib

FILL = ['throughput', '--persistent', '--consumers', '0', '--keep']
DRAIN = ['drain', '--prefetch', '1000', '--ack-batch', '100']
START_S_MAX = 900  # with a backlog
RESTARTS = {'killed': signal.SIGKILL, 'stopped': signal.SIGTERM}


class BacklogError(Exception):
    """A step that failed; text for the user."""


def checked(report, step):
    if 'error' in report:
        raise BacklogError(f'{step}: {report["error"]}')
    return report


def fill(generator, broker, arguments, **how):
    """Publishes and confirms; the broker's memory and disk are those at the end of it."""
    report = checked(generator.run(broker, FILL + arguments, **how), 'fill')
    report['rss_kib_max'] = memory_kib(broker.pid, 'VmHWM')
    report['disk_kib'] = disk_kib(broker.data)
    return report


def restart(broker, number):
    """How long the broker took to end and to be ready again."""
    stop_s = broker.halt(number)
    code = broker.process.returncode
    forget_cached(broker.data)
    broker.start_s_max = START_S_MAX
    broker.start_again()
    broker.wait_until_ready()
    return {'stop_s': stop_s, 'exit_code': code, 'start_s': broker.start_s,
            'start_cpu_s': cpu_s(broker.pid)}


def drain(generator, broker, arguments, **how):
    """At broker.rss_kib_start: the memory when all queues have told how much is in them."""
    report = checked(generator.run(broker, DRAIN + arguments, **how), 'drain')
    report['rss_kib_max'] = memory_kib(broker.pid, 'VmHWM')
    return report


def miscounted(count, filled, drained):
    """What is wrong with the numbers, as text; empty when each message was there once. That one
    is marked as redelivered after a kill is no fault: a broker may not know better."""
    wanted = {'confirmed': (filled['confirmed'], count), 'refused': (filled['nacked'], 0),
              'waiting after the restart': (drained['waiting'], count),
              'delivered': (drained['delivered'], count),
              'left in the queue': (drained['left'], 0)}
    return ', '.join(f'{found} {name} instead of {right}'
                     for name, (found, right) in wanted.items() if found != right)


def measure_backlog(generator, broker, case):
    """The report of a case with a backlog: fill, both kinds of restart, drain."""
    report = {'empty': {'start_s': broker.start_s}}
    try:
        count = ['--messages', str(case.backlog)]
        report['fill'] = fill(generator, broker, case.arguments + count)
        for name, number in RESTARTS.items():
            report[name] = restart(broker, number)
        report['drain'] = drain(generator, broker, [])
    except (BacklogError, BrokerError) as error:
        return {'error': str(error)}
    wrong = miscounted(case.backlog, report['fill'], report['drain'])
    return {'error': wrong} if wrong else report
