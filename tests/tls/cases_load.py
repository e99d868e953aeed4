"""Many connections over TLS at once."""
import os
import resource
import subprocess
import time

from broker import check

# As far as the machine allows so many files: the broker wants some for itself.
FILES_MAX = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
COUNT = 10_000 if FILES_MAX == resource.RLIM_INFINITY else min(10_000, FILES_MAX // 2)
WAIT_S = 120
KIB_EACH_MAX = 32   # OpenSSL's part included


def resident_kib(pid):
    with open(f'/proc/{pid}/status', encoding='utf-8') as status:
        return next(int(line.split()[1]) for line in status if line.startswith('VmRSS'))


def wait_for(world, count, generator=None):
    """Until the broker has so many connections."""
    deadline = time.monotonic() + WAIT_S
    while (found := len(world.rows('list_connections', 'port'))) != count:
        check(time.monotonic() < deadline, f'{found} connections in place of {count}')
        check(generator is None or generator.poll() is None, 'the generator ended')
        time.sleep(0.2)


def ten_thousand_connections(world):
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES_MAX, FILES_MAX))
    world.start_tls()
    before = resident_kib(world.node.process.pid)
    perf = os.path.join(os.path.dirname(world.tool), 'lepus-perf')
    command = [perf, 'connections', '--count', str(COUNT), '--duration', '600', '--quiet',
               '--uri', f'amqps://guest:guest@127.0.0.1:{world.tls_port}/']
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as generator:
        try:
            wait_for(world, COUNT, generator)
            each = (resident_kib(world.node.process.pid) - before) / COUNT
            check(each <= KIB_EACH_MAX, f'{each:.1f} KiB for each connection')
            probe = world.tls_probe()   # Somebody else works meanwhile.
            probe.call(1, 'Queue.Declare', queue='q')
            probe.publish(key='q')
            probe.stored('q', 1)
        finally:
            generator.terminate()
            generator.wait()
    wait_for(world, 1)   # The one who worked.


CASES = [ten_thousand_connections]
