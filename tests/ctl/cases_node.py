"""The way to the broker: who may, who cannot, and what there is when nobody answers."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

from tool import TOOL_S, check, closed_with, raw

CASES = []
NOBODY = 65534


def case(run):
    CASES.append(run)
    return run


@case
def no_broker(world):
    error = world.fails(69, 'status')
    check('The broker does not run' in error and '--socket' in error, error)
    world.fails(69, 'stop')
    check(world.run('stop', '--idempotent')[0] == 0, '--idempotent')
    error = world.fails(75, '-t', '0.3', 'await_startup')
    check('timed out' in error, error)
    world.start()
    world.node.kill()
    deadline = time.monotonic() + 10
    while 'left from one that was killed' not in (error := world.fails(69, 'ping')):
        check('closed the connection' in error and time.monotonic() < deadline, error)
    world.start()
    world.node.kill()
    world.start()
    check(world.ok('ping').endswith('Ping succeeded\n'), 'a stale socket is replaced')


@case
def await_startup_waits(world):
    with subprocess.Popen(world.command('-t', '20', 'await_startup')) as waiting:
        check(waiting.poll() is None, 'it did not wait')
        world.start()
        check(waiting.wait(TOOL_S) == 0, 'exit code')
    world.probe()


@case
def stop_waits_for_the_end(world):
    world.start()
    probe = world.filled('q', 2, durable=True)
    process = world.node.process
    with subprocess.Popen(world.command('stop'), stdout=subprocess.PIPE, text=True) as stopping:
        check(closed_with(probe)[0] == 320, 'clients are told')
        probe.close()
        out = stopping.communicate(timeout=TOOL_S)[0]
    check(stopping.returncode == 0 and 'Stopping node' in out, out)
    check(process.wait(0.5) == 0, 'the process had not ended when stop returned')
    check(not os.path.exists(world.socket), 'the socket is left')
    world.node.forget()
    world.start()
    world.quietly('shutdown')
    check(world.node.process.wait(0.5) == 0, 'shutdown')
    world.node.forget()


@case
def status_and_environment(world):
    world.start(**{'default_pass': 'guest', 'max_connections': '77'})
    status = world.status()
    check(status['pid'] == world.node.process.pid, f'{status}')
    check(status['is_serving'] and status['shards'] == 2 and status['alarms'] == [], f'{status}')
    check(status['data_directory'] == world.node.data, f'{status}')
    check(status['listeners'][0]['port'] == world.node.port, f'{status}')
    text = world.ok('-q', 'status')
    for line in (f'OS PID: {world.node.process.pid}', 'Alarms\n\n(none)', 'Queue count: 0',
                 f'port: {world.node.port}, protocol: amqp'):
        check(line in text, f'{line!r} is not in\n{text}')
    keys = world.rows('environment')
    check(keys['max_connections'] == '77' and keys['default_pass'] == '********', f'{keys}')
    check('max_connections = 77\n' in world.ok('environment'), 'as text')
    check(world.ok('version') != '', 'version')


@case
def strangers_are_refused(world):
    """By the file's mode, and by the broker when somebody has changed that."""
    if os.geteuid() != 0:
        return
    folder = tempfile.mkdtemp(prefix='lepus-ctl-', dir='/tmp')
    try:
        os.chmod(folder, 0o755)
        world.socket = os.path.join(folder, 's')
        tool = shutil.copy(world.tool, folder)
        os.chmod(tool, 0o755)
        world.start(**{'management.socket': world.socket})

        def as_nobody():
            done = subprocess.run([tool, '--socket', world.socket, 'list_users'], user=NOBODY,
                                  capture_output=True, text=True, timeout=TOOL_S, check=False)
            return done.returncode, done.stdout, done.stderr
        check(os.stat(world.socket).st_mode & 0o777 == 0o600, 'mode')
        code, out, error = as_nobody()
        check(code == 77 and 'guest' not in out and 'sudo' in error, f'{code} {out} {error}')
        os.chmod(world.socket, 0o666)
        code, out, error = as_nobody()
        check(code == 77 and 'guest' not in out and "only root and the broker's own user" in error,
              f'{code} {out} {error}')
        check('guest' in world.ok('list_users'), 'root is served')
        deadline = time.monotonic() + 5
        while '"operator refused" uid=65534' not in world.node.log():
            check(time.monotonic() < deadline, world.node.log())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@case
def the_name_rabbitmqctl(world):
    world.start()
    link = os.path.join(world.node.directory, 'rabbitmqctl')
    os.symlink(world.tool, link)
    done = subprocess.run([link, 'status'], env={'LEPUS_SOCKET': world.socket},
                          capture_output=True, text=True, timeout=TOOL_S, check=False)
    check(done.returncode == 0 and 'Status of node' in done.stdout, f'{done}')
    done = subprocess.run([link, 'delete_queue'], capture_output=True, text=True, timeout=TOOL_S,
                          check=False)
    check('rabbitmqctl [--node <node>]' in done.stderr, done.stderr)


@case
def places_of_the_socket(world):
    world.start(**{'management.socket': 'none'})
    check(not os.path.exists(world.socket), 'none means none')
    world.node.stop()
    line = world.node.fails_to_start(settings={'management.socket': '/nowhere/s'})
    check('cannot listen on /nowhere/s: No such file or directory' in line
          and 'management.socket' in line, line)
    folder = os.path.join(world.node.directory, 'd' * 150)
    os.mkdir(folder)
    world.socket = os.path.join(folder, 'lepus.sock')
    world.start(**{'management.socket': world.socket})
    world.ok('ping')


@case
def messages_are_stamped_when_asked_for(world):
    prefix = 'message_interceptors.incoming.set_header_'
    world.start(**{prefix + 'timestamp.overwrite': 'false',
                   prefix + 'routing_node.overwrite': 'true', 'cluster_name': 'lepus@here'})
    probe = world.probe()
    probe.call(1, 'Queue.Declare', queue='q')
    began = int(time.time())
    for properties in ({}, {'timestamp': 5, 'headers': {'x-routed-by': 'me', 'a': 'b'}}):
        probe.publish(key='q', properties=properties)
        check(probe.call(1, 'Basic.Get', queue='q', no_ack=True).name == 'Basic.GetOk', 'there')
        got, _ = probe.content()
        headers = got['headers']
        check(headers['x-routed-by'] == 'lepus@here', headers)
        check(0 <= headers['timestamp_in_ms'] // 1000 - began <= 60, headers)
        stamp = properties.get('timestamp', headers['timestamp_in_ms'] // 1000)
        check(got['timestamp'] == stamp and headers.get('a') == ('b' if properties else None), got)
    world.node.stop()
    line = world.node.fails_to_start(settings={prefix + 'timestamp.overwrite': 'maybe'})
    check('true or false' in line, line)
    outgoing = 'message_interceptors.outgoing.timestamp.enabled'
    line = world.node.fails_to_start(settings={outgoing: 'true'})
    check('set_header_timestamp' in line and 'Remove the key' in line, line)


@case
def a_broker_that_hangs(world):
    world.start()
    world.ok('ping')
    os.kill(world.node.process.pid, signal.SIGSTOP)
    os.waitpid(world.node.process.pid, os.WUNTRACED)  # Until all of its threads have stopped.
    error = world.fails(75, '-t', '0.3', 'list_queues')
    check('timed out. Timeout value used: 0.3' in error, error)
    os.kill(world.node.process.pid, signal.SIGCONT)
    world.ok('list_queues')


@case
def odd_callers(world):
    """Whoever speaks otherwise, reads nothing or leaves in the middle disturbs nobody."""
    world.start()
    probe = world.probe()
    for number in range(2000):
        probe.send(1, 'Queue.Declare', queue=f'{number:04}' + 'x' * 200, nowait=True)
    probe.call(1, 'Channel.Flow', active=True)
    client, answers = raw(world.socket)
    for line in (b'\n', b'no json\n', b'[1]\n', b'{"verb":7}\n', b'{"verb":"nonsense"}\n',
                 b'{"verb":"list_queues","columns":["nme"]}\n', b'\xff\xfe\n'):
        client.sendall(line)
        answer = json.loads(answers.readline())
        check(answer['error']['fault'] == 'usage', f'{line}: {answer}')
    client.sendall(b'{"verb":"ping"}\n{"verb":"list_vhosts"}\n{"verb":"pi')
    check('done' in json.loads(answers.readline()), 'first of two in one piece')
    check(json.loads(answers.readline()) == {'rows': [['/']]}, 'second')
    check(json.loads(answers.readline()) == {'done': {'count': 1}}, 'second')
    client.sendall(b'ng"}\n')
    check('done' in json.loads(answers.readline()), 'a line in two pieces')
    lazy, late = raw(world.socket)
    lazy.sendall(b'{"verb":"list_bindings"}\n' * 20)
    for _ in range(20):
        left, _ = raw(world.socket)
        left.sendall(b'{"verb":"list_queues"}\n{"verb":"li')
        left.close()
    check(len(world.rows('list_queues', 'name')) == 2000, 'others are answered')
    count = 0
    while count < 20:
        answer = json.loads(late.readline())
        count += 1 if 'done' in answer else 0
        check('error' not in answer, f'{answer}')
    world.node.stop()


@case
def a_stop_with_callers(world):
    world.start()
    idle, _ = raw(world.socket)
    waiting, answers = raw(world.socket)
    waiting.sendall(b'{"verb":"list_queues"}\n')
    world.ok('stop')
    check(world.node.process.wait(TOOL_S) == 0, 'exit code')
    check(json.loads(answers.readline()), 'the answer came')
    check(answers.readline() == b'' and idle.recv(1) == b'', 'they see the end')
    world.node.forget()


@case
def what_a_node_says_of_itself(world):
    world.start()
    node, port = 'lepus@' + os.uname().nodename, world.node.port
    text = world.ok('cluster_status')
    check(f'Cluster name: {node}' in text and f'port: {port}, protocol: amqp' in text, text)
    status = world.rows('cluster_status')
    check(status['running_nodes'] == [node] and status['partitions'] == {}, f'{status}')
    check(world.ok('-q', 'log_location') == '<stderr>\n', 'log_location')
    check(f'ports {port} on node' in world.ok('-q', 'check_port_connectivity'), 'connectivity')
    world.ok('-q', 'check_protocol_listener', 'amqp')
    world.fails(69, 'check_protocol_listener', 'mqtt')
    world.ok('-q', 'await_online_nodes', '1')
    world.fails(69, 'await_online_nodes', '2')
    world.ok('-q', 'enable_feature_flag', 'all')
    world.ok('-q', 'node_health_check')
    world.quietly('stop_app')
    check(f'port {port}' in world.fails(69, 'check_port_connectivity'), 'nobody listens')
    world.quietly('start_app')


@case
def a_report_has_every_virtual_host(world):
    world.start()
    world.quietly('add_vhost', 'other')
    world.filled('orders', 2)
    text = world.ok('report')
    for part in ('Reporting server status on', 'Status of node', 'Cluster status of node',
                 'Listing queues for vhost / ...', 'orders\t2', 'Listing queues for vhost other'):
        check(part in text, f'{part!r} is not in\n{text}')
    world.node.kill()
    world.fails(69, 'report')


@case
def hashes_are_taken_by_a_definitions_file(world):
    """Without a broker; the hash is what a definitions file has."""
    hashed = world.ok('hash_password', 's3cret').strip()
    check(hashed != world.ok('hash_password', text='s3cret\n').strip(), 'the salt is another one')
    world.start()
    user = {'name': 'ann', 'password_hash': hashed, 'tags': [],
            'hashing_algorithm': 'rabbit_password_hashing_sha256'}
    world.ok('import_definitions', '-', text=json.dumps({'users': [user]}))
    world.ok('authenticate_user', 'ann', 's3cret')
    world.fails(65, 'authenticate_user', 'ann', hashed)
    check('authenticate_user\n' in world.ok('autocomplete', 'auth'), 'autocomplete')


@case
def a_reload_that_fails_says_why(world):
    path = os.path.join(world.node.directory, 'lepus.conf')

    def write(text):
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
    write('heartbeat = 10\n')
    world.node.environment['LEPUS_CONFIG_FILE'] = path
    world.start()
    write('heartbeat = 20\nnonsense = 1\nchannel_max = many\n')
    error = world.fails(65, 'reload')
    check(f'{path}:2' in error and 'nonsense' in error and f'{path}:3' in error, error)
    check(world.rows('environment')['heartbeat'] == '10', 'nothing has changed')
    write('heartbeat = 20\nlog.file = /proc/nowhere/log\n')
    check('/proc/nowhere' in world.fails(65, 'reload'), 'of the log')
    check(world.rows('environment')['heartbeat'] == '20', 'the rest has changed')
    write('heartbeat = 30\n')
    world.quietly('reload')
    check(world.rows('environment')['heartbeat'] == '30', 'all has changed')


@case
def levels_of_the_log_change_at_once(world):
    world.start()
    world.quietly('set_log_level', 'debug')
    check(world.rows('environment')['log.console.level'] == 'debug', 'console')
    world.quietly('set_log_level', 'connection', 'error')
    check(world.rows('environment')['log.connection.level'] == 'error', 'category')
    world.fails(65, 'set_log_level', 'loud')
    world.fails(65, 'set_log_level', 'nothing', 'debug')
    world.quietly('reload')
    check(world.rows('environment')['log.console.level'] == 'info', 'a reload forgets it')
