#!/usr/bin/env python3
"""Writes the shovels that move the messages of all queues of a definitions file.

    shovels.py definitions.json --source amqp://u:p@old:5672 --target amqp://u:p@new:5672 > s.json
    rabbitmqctl import_definitions s.json

The shovels run in RabbitMQ (rabbitmq-plugins enable rabbitmq_shovel) or in Lepus (lepusctl
import_definitions), whichever way the messages go; amqp:// is the broker that they run in. Each
moves what its queue holds when it starts, with a confirm for each message, and then takes itself
away. Streams are left out, which standard error says, or copied with --streams: such a shovel goes
on until its parameter is cleared. docs/MIGRATION.md has the order of steps.
"""
import argparse
import json
import sys
from urllib.parse import quote


def address(uri, vhost):
    """The URI with the virtual host as its path; what follows a '?' stays behind it."""
    base, _, options = uri.partition('?')
    scheme, _, place = base.partition('://')
    return (f"{scheme}://{place.rstrip('/')}/{quote(vhost, safe='')}"
            + (f'?{options}' if options else ''))


def is_stream(queue):
    return queue.get('arguments', {}).get('x-queue-type') == 'stream' \
        or queue.get('type') == 'stream'


def shovel(queue, options):
    """One entry of the section parameters."""
    vhost = queue.get('vhost', options.vhost)
    end = {'src-consumer-args': {'x-stream-offset': 'first'}, 'src-delete-after': 'never'} \
        if is_stream(queue) else {'src-delete-after': 'queue-length'}
    return {'vhost': vhost, 'component': 'shovel', 'name': f"move {queue['name']}", 'value': {
        'src-protocol': 'amqp091', 'src-uri': address(options.source, vhost),
        'src-queue': queue['name'], 'src-prefetch-count': 1000,
        **end, 'dest-protocol': 'amqp091', 'dest-uri': address(options.target, vhost),
        'dest-queue': queue['name'], 'dest-add-forward-headers': False,
        'ack-mode': 'on-confirm'}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('definitions', help='as rabbitmqctl export_definitions writes it')
    parser.add_argument('--source', required=True, help='where the messages are, without a path')
    parser.add_argument('--target', required=True, help='where they go, without a path')
    parser.add_argument('--vhost', default='/', help='for a file of a single virtual host')
    parser.add_argument('--streams', action='store_true', help='copy streams from their beginning')
    options = parser.parse_args()
    with open(options.definitions, encoding='utf-8') as file:
        queues = json.load(file).get('queues', [])
    left_out = [] if options.streams else list(filter(is_stream, queues))
    for queue in left_out:
        print(f"shovels.py: stream '{queue['name']}' in virtual host "
              f"'{queue.get('vhost', options.vhost)}' is left out", file=sys.stderr)
    moved = [shovel(queue, options) for queue in queues if queue not in left_out]
    json.dump({'parameters': moved}, sys.stdout, indent=1)
    print()


if __name__ == '__main__':
    main()
