"""Users, permissions and virtual hosts, changed while the broker runs."""
from tool import check, closed_with

CASES = []


def case(run):
    CASES.append(run)
    return run


@case
def a_user_comes_and_goes(world):
    world.start()
    check(world.ok('add_user', 'app', 'secret') == 'Adding user "app" ...\n', 'banner')
    check('User "app" already exists' in world.fails(70, 'add_user', 'app', 'x'), 'twice')
    world.quietly('set_user_tags', 'app', 'monitoring', 'policymaker')
    check('app\t[monitoring, policymaker]' in world.ok('list_users'), 'tags')
    world.quietly('set_permissions', 'app', '^app', '.*', '.*')
    probe = world.probe(user='app', password='secret')
    world.quietly('change_password', 'app', 'other')
    world.probe(user='app', password='other')
    world.quietly('delete_user', 'app')
    check(closed_with(probe)[0] == 320, 'its connections are closed')
    check('User "app" does not exist' in world.fails(67, 'delete_user', 'app'), 'gone')
    check('app' not in world.ok('list_users'), 'gone from the list')


@case
def permissions_count_at_once(world):
    world.start()
    world.quietly('add_user', 'app', 'secret')
    world.quietly('set_permissions', 'app', '^app', '', '.*')
    check(world.ok('-q', 'list_permissions').splitlines() == [
        'user\tconfigure\twrite\tread', 'app\t^app\t\t.*', 'guest\t.*\t.*\t.*'], 'of the vhost')
    check(world.ok('-q', 'list_user_permissions', 'app').splitlines() == [
        'vhost\tconfigure\twrite\tread', '/\t^app\t\t.*'], 'of the user')
    probe = world.probe(user='app', password='secret')
    probe.call(1, 'Queue.Declare', queue='app.q')
    probe.send(1, 'Queue.Declare', queue='q')
    check(probe.expect('Channel.Close').arguments['reply_code'] == 403, 'not allowed')
    world.quietly('clear_permissions', 'app')
    check(world.ok('-q', 'list_user_permissions', 'app').splitlines()[1:] == [], 'none left')
    world.fails(65, 'set_permissions', 'app', '(', '', '')
    world.fails(67, 'set_permissions', 'nobody', '', '', '')
    world.fails(65, '-p', 'nowhere', 'set_permissions', 'app', '', '', '')
    world.fails(67, 'list_user_permissions', 'nobody')


@case
def topic_permissions_are_set_and_cleared(world):
    world.start()
    world.quietly('add_user', 'app', 'secret')
    world.quietly('set_permissions', 'app', '', '', '')
    world.quietly('set_topic_permissions', 'app', 'amq.topic', '^a', '^b')
    check(world.ok('-q', 'list_topic_permissions').splitlines()[1:] == ['app\tamq.topic\t^a\t^b'],
          'of the vhost')
    check(world.ok('-q', 'list_user_topic_permissions', 'app').splitlines()[1:] ==
          ['/\tamq.topic\t^a\t^b'], 'of the user')
    world.quietly('clear_topic_permissions', 'app', 'amq.topic')
    check(world.ok('-q', 'list_topic_permissions').splitlines()[1:] == [], 'none left')


@case
def a_vhost_comes_and_goes(world):
    world.start()
    world.quietly('add_vhost', 'orders', '--description', 'of orders')
    check('orders' in world.ok('list_vhosts').splitlines(), 'listed')
    world.quietly('-p', 'orders', 'set_permissions', 'guest', '.*', '.*', '.*')
    probe = world.probe(vhost='orders')
    probe.call(1, 'Queue.Declare', queue='q')
    world.quietly('delete_vhost', 'orders')
    check(closed_with(probe)[0] == 320, 'its connections are closed')
    world.fails(65, 'delete_vhost', 'orders')
    world.quietly('add_vhost', 'orders')
    check(world.ok('-q', '-p', 'orders', 'list_queues').splitlines()[1:] == [], 'empty again')
