"""A client with a name; says how it was closed.  pika_client.py PORT"""
import sys

import pika


def main():
    connection = pika.BlockingConnection(pika.ConnectionParameters(
        '127.0.0.1', int(sys.argv[1]), client_properties={'connection_name': 'shop'}))
    channel = connection.channel()
    channel.queue_declare('q')
    channel.basic_consume('q', lambda *_: None, consumer_tag='till')
    print('ready', flush=True)
    try:
        channel.start_consuming()
    except pika.exceptions.ConnectionClosedByBroker as error:
        print(error.reply_code, error.reply_text, flush=True)


if __name__ == '__main__':
    main()
