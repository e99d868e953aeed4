#!/usr/bin/env python3
"""Tests of the suite's own tools: codec, notation, and that a wrong answer does not match."""
import unittest

import suite
from amqp_methods import (BY_ID, BY_NAME, Cursor, RawTable, Tag, decode_method, encode_method,
                          table)
from amqp_raw import BODY, METHOD, Frame, generalise, header, method

NOT_FOUND = suite.channel_close(404, "no queue 'q' in vhost '/'", 'Queue.Purge')


class Codec(unittest.TestCase):
    def test_known_bytes(self):
        self.assertEqual(encode_method('Queue.Declare', queue='q', durable=True, nowait=True),
                         b'\0\x32\0\x0a\0\0\x01q\x12\0\0\0\0')
        self.assertEqual(method(1, 'Channel.Open'), b'\x01\0\x01\0\0\0\x05\0\x14\0\x0a\0\xce')
        self.assertEqual(table({'a': 1, 'b': None, 'c': Tag('D', (2, -1))}),
                         b'\0\0\0\x12\x01aI\0\0\0\x01\x01bV\x01cD\x02\xff\xff\xff\xff')
        self.assertEqual(header(1, 5, {'delivery_mode': 2})[7:-1],
                         b'\0\x3c\0\0\0\0\0\0\0\0\0\x05\x10\0\x02')

    def test_every_method_returns_as_it_was(self):
        values = {'octet': 7, 'short': 300, 'long': 70000, 'longlong': 2 ** 40, 'bit': True,
                  'shortstr': 'name', 'longstr': 'text', 'table': {'k': [1, 'v', {'n': True}]}}
        self.assertEqual(len(BY_ID), len(BY_NAME))
        for name, (_, fields) in BY_NAME.items():
            arguments = {field: values[kind] for field, kind in fields}
            self.assertEqual(decode_method(encode_method(name, **arguments)), (name, arguments))

    def test_wrong_bytes_are_errors(self):
        good = encode_method('Queue.Declare', queue='q')
        for wrong in (good[:-1], good + b'x', b'\x03\xe7\0\x01'):
            self.assertIsNotNone(Frame(METHOD, 1, wrong).error)
        with self.assertRaises(ValueError):
            Cursor(table(RawTable(b'\x01aZ'))).table()
        with self.assertRaises(TypeError):
            encode_method('Queue.Declare', name='q')


class Notation(unittest.TestCase):
    def test_frames(self):
        close = encode_method('Channel.Close', reply_code=404, class_id=50, method_id=30,
                              reply_text="NOT_FOUND - no queue 'q' in vhost '/'")
        self.assertEqual(Frame(METHOD, 1, close).render(), NOT_FOUND)
        self.assertEqual(Frame(BODY, 2, b'abc').render(), 'ch2 BODY 3')
        self.assertEqual(Frame(METHOD, 1, encode_method('Queue.UnbindOk')).render(),
                         'ch1 Queue.UnbindOk')

    def test_names(self):
        made = 'amq.gen-' + 'aA0_-' * 4 + 'xy'
        self.assertEqual(generalise(f"'{made}' 'w1.NAME'", {'w1.NAME': 'NAME'}),
                         "'amq.gen-<22 base64url>' 'NAME'")
        self.assertEqual(generalise(made + 'z', {}), made + 'z')


class Comparison(unittest.TestCase):
    def check(self, good, expected, observed):
        self.assertEqual(suite.matches(expected, observed), good, (expected, observed))

    def test_exact(self):
        self.check(True, NOT_FOUND, NOT_FOUND)
        self.check(False, NOT_FOUND, NOT_FOUND.replace('404', '403'))
        self.check(False, NOT_FOUND, NOT_FOUND + ' ; ch1 Queue.PurgeOk')
        self.check(False, NOT_FOUND, suite.NOTHING)

    def test_wildcard_stays_in_its_frame(self):
        self.check(True, 'ch0 "SYNTAX_ERROR - …" class=1', 'ch0 "SYNTAX_ERROR - why" class=1')
        self.check(False, 'ch0 "SYNTAX_ERROR - …" class=1', 'ch0 "SYNTAX_ERROR - why" class=2')
        self.check(False, 'a … b', 'a x ; y b')

    def test_times(self):
        closed = 'socket closed by server after {}s'
        self.check(True, closed.format('3.0'), closed.format('3.4'))
        self.check(False, closed.format('3.0'), closed.format('0.0'))
        self.check(False, closed.format('0.0'), closed.format('3.0'))

    def test_counts(self):
        self.assertEqual(suite.frame_count(suite.NOTHING), (0, False))
        self.assertEqual(suite.frame_count(NOT_FOUND + suite.SELF), (1, False))
        self.assertEqual(suite.frame_count('ch0 heartbeat ; ' + suite.SILENT), (1, True))


if __name__ == '__main__':
    unittest.main()
