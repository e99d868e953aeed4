"""The operator's door: odd values at every verb, what comes on standard output, who is logged, and
the broker without its clients."""
import json
import os
import re
import subprocess
import time

from tool import TOOL_S, Unexpected, check, closed_with, raw

CASES = []
# What ends the broker, waits for it, writes files, or goes on until it is told to stop.
SKIPPED = {'help', 'version', 'stop', 'shutdown', 'await_startup', 'export_definitions',
           'log_tail_stream', 'backup'}
ODD = ['', 'x', 'a' * 256, '-1', '0', '18446744073709551615', '18446744073709551616', '1e308',
       'nan', 'inf', '{}', '[]', '{', 'null', '"', '(', '.*', '[' * 2000, '\x01\x1b[2J', '\u00e4',
       '<lepus@h.0.1.0>', 'guest', '/', '{"max-length":1e99}', '{"max-connections":1e30}']

OPTIONS = ('priority', 'apply_to', 'description', 'tags', 'default_queue_type', 'limit', 'user')


def case(run):
    CASES.append(run)
    return run


def verbs_with_arguments(world):
    """(name, how many arguments at least) as the help says it."""
    out = world.run('help')[1]
    names = [name for name in re.findall(r'^   (\w+)', out, re.M) if name not in SKIPPED]
    check(len(names) > 50, f'{names}')
    for name in names:
        usage = world.run('help', name)[1].split('\n')[3]
        plain = re.sub(r'\[[^]]*\]', '', usage.split(name, 1)[1])
        plain = plain.split('|')[0]
        yield name, len(re.findall(r'<[^>]*>', plain))


def ask_all(world, name, count):
    """Each value in each place of the request, and one argument too few and too many."""
    client, answers = raw(world.socket)
    for value in ODD if count else ODD[:2]:
        for given, vhost in ((count, '/'), (count, value), (count + 1, '/'), (count - 1, '/')):
            request = {'verb': name, 'vhost': vhost, 'arguments': [value] * max(given, 0),
                       'options': {option: value for option in OPTIONS} if value else {}}
            client.sendall(json.dumps(request).encode() + b'\n')
            answer = {}
            while not {'done', 'error'} & set(answer):
                line = answers.readline()
                check(line, f'{request}: no answer')
                answer = json.loads(line)
    client.close()


@case
def odd_values_at_every_verb(world):
    world.start()
    probe = world.filled('q', 1)
    for name, count in verbs_with_arguments(world):
        for value in ODD[:5:2] if count else ['']:
            words = ['-q', name, f'--vhost={value}', '--', *[value] * count]
            code, _, error = world.run(*words)
            check(0 <= code <= 80, f'{words}: {code} {error}')
        ask_all(world, name, count)
        if name == 'stop_app':
            world.ok('start_app')
    words = [os.fsencode(word) for word in world.command('add_user')] + [b'\xff\xfe', b'x']
    done = subprocess.run(words, capture_output=True, timeout=TOOL_S, check=False)
    check(done.returncode == 64 and b'UTF-8' in done.stderr, f'{done}')
    check(world.ok('ping').endswith('Ping succeeded\n'), 'it answers')
    probe.close()
    world.node.stop()
    world.start()
    world.ok('ping')


@case
def names_have_bytes(world):
    world.start()
    for words in (('add_user', '', 'x'), ('add_user', 'u' * 256, 'x'), ('add_vhost', ''),
                  ('set_policy', '', '.*', '{"max-length":1}'),
                  ('set_global_parameter', '', '1')):
        world.fails(65, *words)
    for words in (('change_password', '', 'x'), ('clear_password', ''), ('delete_user', '')):
        check('does not exist' in world.fails(67, *words), f'{words}')
    check('nest deeper' in world.fails(65, 'set_global_parameter', 'g', '[' * 100 + ']' * 100),
          'deep')
    probe = world.probe()
    probe.call(1, 'Queue.Declare', queue='s', durable=True,
               arguments={'x-queue-type': 'stream'})
    check('not supported by stream' in world.fails(69, 'purge_queue', 's'), 'a stream')
    world.ok('ping')


@case
def output_is_data(world):
    world.start()
    out = world.ok('export_definitions', '-')
    check({'users', 'vhosts', 'queues'} <= set(json.loads(out)), out)
    for formatter in ('csv', 'json'):
        out = world.ok('list_queues', '--formatter', formatter)
        check('Timeout' not in out and 'Listing' not in out, out)
    for words in (('--version',), ('version',), ('--version', 'list_queues')):
        check(re.fullmatch(r'\d+\.\d+\.\d+\n', world.ok(*words)), f'{words}')
    for program in ('lepus', 'lepus-perf', 'lepus-journal'):
        path = os.path.join(os.path.dirname(world.tool), program)
        if not os.path.exists(path):
            continue
        done = subprocess.run([path, '--version'], capture_output=True, text=True,
                              timeout=TOOL_S, check=False)
        check(done.returncode == 0 and re.fullmatch(rf'{program} \d+\.\d+\.\d+\n', done.stdout),
              f'{done}')


@case
def passwords_come_from_standard_input(world):
    world.start()
    check('Password' not in world.ok('add_user', 'ann', text='s3cret\nnot this\n'), 'no prompt')
    world.quietly('set_permissions', 'ann', '', '', '')
    world.probe(user='ann', password='s3cret')
    world.ok('change_password', 'ann', text='oth er')
    world.probe(user='ann', password='oth er')
    check('no password' in world.fails(64, 'add_user', 'bob'), 'nothing to read')


@case
def alarms_are_on_when_the_verb_returns(world):
    world.start()
    probe = world.filled('q', 50)
    for turn in range(5):
        world.quietly('set_vm_memory_high_watermark', 'absolute', '1')
        check(world.status()['alarms'] == ['memory'], f'memory {turn}')
        world.quietly('set_vm_memory_high_watermark', '0.6')
        check(world.status()['alarms'] == [], f'memory is off {turn}')
        world.quietly('set_disk_free_limit', '18446744073709551615')
        check(world.status()['alarms'] == ['disk'], f'disk {turn}')
        world.quietly('set_disk_free_limit', '1MB')
        check(world.status()['alarms'] == [], f'disk is off {turn}')
    blocked = world.probe()
    world.quietly('set_vm_memory_high_watermark', 'absolute', '1')
    blocked.publish(key='q')
    time.sleep(0.3)
    check(world.messages()['q'] == 50, 'what is published after the verb waits')
    world.quietly('set_vm_memory_high_watermark', '0.6')
    probe.stored('q', 51)


@case
def every_change_is_in_the_log(world):
    world.start()
    world.ok('add_user', 'ann', 's3cret')
    world.fails(70, 'add_user', 'ann', 's3cret')
    world.ok('set_policy', 'p', '^q', '{"max-length":5}', '--priority', '3')
    world.ok('set_global_parameter', 'g', '"hidden"')
    for number in range(60):
        world.ok('set_user_tags', 'ann', f't{number}')
    world.filled('q', 1)
    world.ok('delete_queue', 'q')
    world.ok('list_queues')
    log = world.node.log()
    deadline = time.monotonic() + 5
    while 'verb=delete_queue' not in log and time.monotonic() < deadline:
        log = world.node.log()
    lines = [line for line in log.splitlines() if '"operator change"' in line]
    check(len(lines) == 65, f'{len(lines)} lines:\n' + '\n'.join(lines))
    check('s3cret' not in log and 'hidden' not in log, 'secrets are in the log')
    check('verb=add_user arguments=ann by="uid ' in lines[0], lines[0])
    check('via=socket outcome=done' in lines[0], lines[0])
    check('outcome="User \\"ann\\" already exists"' in lines[1], lines[1])
    check('^q' in lines[2] and 'priority=3' in lines[2] and 'vhost=/' in lines[2], lines[2])
    check('verb=delete_queue arguments=q vhost=/' in lines[-1], lines[-1])


@case
def without_clients_and_with_them_again(world):
    world.start()
    probe = world.filled('q', 3, durable=True)
    for _ in range(3):
        with subprocess.Popen(world.command('-q', 'stop_app')) as stopping:
            code, text = closed_with(probe)
            check(code == 320 and 'shutdown' in text, f'{code} {text}')
            probe.close()
            check(stopping.wait(TOOL_S) == 0, 'exit code')
        try:
            world.probe()
            raise AssertionError('it listens')
        except ConnectionRefusedError:
            pass
        world.quietly('stop_app')
        status = world.status()
        check(not status['is_serving'] and status['totals']['connection_count'] == 0, f'{status}')
        check(world.messages() == {'q': 3}, 'messages stay')
        world.ok('ping')
        check(world.run('-t', '0.3', 'await_startup')[0] == 75, 'it is not started')
        world.quietly('start_app')
        world.quietly('start_app')
        world.ok('-t', '5', 'await_startup')
        probe = world.probe()
        probe.stored('q', 3)
    world.quietly('stop_app')
    world.ok('stop')
    check(world.node.process.wait(TOOL_S) == 0, 'it stops while it is without clients')
    world.node.forget()
    check('empty data_dir' in world.fails(69, 'reset'), 'reset')


@case
def a_stop_while_clients_are_sent_away(world):
    """A client that does not leave keeps stop_app waiting, and whoever wants them back."""
    world.start()
    world.probe()
    with subprocess.Popen(world.command('-q', 'stop_app')), \
            subprocess.Popen(world.command('-q', 'start_app'), stderr=subprocess.DEVNULL):
        time.sleep(0.3)
        world.ok('stop')
        check(world.node.process.wait(TOOL_S) == 0, 'exit code')
    world.node.forget()


@case
def expressions_that_are_known(world):
    world.start()
    alarm = 'rabbit_alarm:{}_alarm({}resource_limit, {}, node(){}).'
    check(world.ok('eval', alarm.format('set', '{{', 'memory', '}, []}')) == 'ok\n', 'set')
    check(world.status()['alarms'] == ['memory'], 'forced')
    check('resource_limit,memory' in world.ok('eval', 'rabbit_alarm:get_alarms().'), 'told')
    check(world.ok('eval', alarm.format('clear', '{', 'memory', '}')) == 'ok\n', 'clear')
    check(world.status()['alarms'] == [], 'withdrawn')
    check(world.ok('eval', 'application:set_env(rabbit, channel_max, 7).') == 'ok\n', 'set_env')
    try:
        world.probe()
        raise AssertionError('2047 channels are taken')
    except Unexpected as error:
        check('maximum allowed value (7)' in str(error), f'{error}')
    check(world.ok('eval', 'application:get_env(rabbit, channel_max).') == '{ok,7}\n', 'get_env')
    world.ok('eval', 'application:set_env(rabbit, loopback_users, []).')
    world.ok('eval', 'application:set_env(rabbit, loopback_users, [<<"guest">>]).')
    world.fails(69, 'eval', 'application:set_env(rabbit, data_dir, 7).')
    world.fails(69, 'eval', 'application:set_env(rabbit, channel_max, x).')
    check(world.ok('eval', 'nodes().') == '[]\n', 'nodes')
    check('rabbit_alarm:set_alarm' in world.fails(69, 'eval', 'os:cmd("id").'), 'unknown')
    world.quietly('reload')
    check(world.rows('environment')['channel_max'] != '7', 'a reload forgets it')


@case
def what_is_well_and_what_is_not(world):
    world.start()
    node = 'lepus@' + os.uname().nodename
    for verb in ('check_running', 'check_alarms', 'check_local_alarms', 'check_virtual_hosts'):
        check(node in world.ok('-q', verb), verb)
    port = str(world.node.port)
    check(port in world.ok('-q', 'check_port_listener', port), 'the port')
    world.fails(69, 'check_port_listener', '1')
    world.fails(64, 'check_port_listener', 'x')
    check(f'port: {port}, protocol: amqp' in world.ok('-q', 'listeners'), 'listeners')
    check('is fully booted' in world.ok('-q', 'is_running'), 'is_running')
    check('is not booting' in world.ok('-q', 'is_booting'), 'is_booting')
    check('no alarms' in world.ok('-q', 'alarms'), 'alarms')
    check(world.ok('-q', 'server_version').strip() != '', 'server_version')
    check(world.ok('-q', 'authenticate_user', 'guest', 'guest') == 'Success\n', 'a password')
    check(world.ok('-q', 'authenticate_user', 'guest', text='guest\n') == 'Success\n', 'read')
    for words in (('guest', 'wrong'), ('nobody', 'guest'), ('', '')):
        check('failed to authenticate' in world.fails(65, 'authenticate_user', *words), f'{words}')
    world.quietly('set_disk_free_limit', '18446744073709551615')
    for verb in ('check_alarms', 'check_local_alarms'):
        check('Free disk space alarm on node' in world.fails(69, verb), verb)
    check('Free disk space alarm on node' in world.ok('alarms'), 'alarms')
    world.quietly('stop_app')
    for words in (('check_running',), ('check_port_listener', port)):
        world.fails(69, *words)
    check('is not fully booted' in world.ok('is_running'), 'is_running')
    check(world.ok('-q', 'listeners') == '\n', 'no listeners')


def resident(world):
    return world.status()['memory']['rss']


@case
def memory_is_given_back(world):
    """Without mimalloc (builds with sanitizers) nothing is promised."""
    world.start()
    with open(f'/proc/{world.node.process.pid}/maps', encoding='utf-8') as maps:
        if 'mimalloc' not in maps.read():
            return
    text = world.ok('-q', 'status')
    check('Resident memory: ' in text, text)
    before = resident(world)
    probe = world.probe()
    probe.call(1, 'Queue.Declare', queue='q')
    body = b'x' * 100_000
    for _ in range(2000):
        probe.publish(key='q', body=body)
    probe.stored('q', 2000)
    check(resident(world) > before + 180_000_000, 'it has messages')
    probe.call(1, 'Queue.Purge', queue='q')
    deadline = time.monotonic() + 20
    while (left := resident(world)) > before + (64 << 20):
        check(time.monotonic() < deadline, f'{before} -> {left}')
        time.sleep(0.2)
