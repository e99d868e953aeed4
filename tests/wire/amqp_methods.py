"""AMQP 0-9-1 methods and field tables: bytes <-> Python values, for the wire conformance suite.

Written independently of the broker's own tables, so that a mistake there cannot hide here.
METHODS holds one line per method:

    class-id.method-id  Class.Method  argument:type ...

Types: octet short long longlong bit shortstr longstr table timestamp. Consecutive bits share an
octet, first bit lowest. An argument left out when encoding is zero or empty.

Field-table values: bool, int (tag I), str or bytes (S), dict (F), list (A), None (V); every other
tag is written explicitly as Tag('s', 1000). RawTable stands for table bytes that are sent as they
are, which is how malformed tables are made.
"""
import struct

METHODS_TEXT = """
10.10 Connection.Start version_major:octet version_minor:octet server_properties:table \
mechanisms:longstr locales:longstr
10.11 Connection.StartOk client_properties:table mechanism:shortstr response:longstr locale:shortstr
10.20 Connection.Secure challenge:longstr
10.21 Connection.SecureOk response:longstr
10.30 Connection.Tune channel_max:short frame_max:long heartbeat:short
10.31 Connection.TuneOk channel_max:short frame_max:long heartbeat:short
10.40 Connection.Open virtual_host:shortstr capabilities:shortstr insist:bit
10.41 Connection.OpenOk known_hosts:shortstr
10.50 Connection.Close reply_code:short reply_text:shortstr class_id:short method_id:short
10.51 Connection.CloseOk
10.60 Connection.Blocked reason:shortstr
10.61 Connection.Unblocked
10.70 Connection.UpdateSecret new_secret:longstr reason:shortstr
10.71 Connection.UpdateSecretOk
20.10 Channel.Open out_of_band:shortstr
20.11 Channel.OpenOk channel_id:longstr
20.20 Channel.Flow active:bit
20.21 Channel.FlowOk active:bit
20.40 Channel.Close reply_code:short reply_text:shortstr class_id:short method_id:short
20.41 Channel.CloseOk
30.10 Access.Request realm:shortstr exclusive:bit passive:bit active:bit write:bit read:bit
30.11 Access.RequestOk ticket:short
40.10 Exchange.Declare ticket:short exchange:shortstr type:shortstr passive:bit durable:bit \
auto_delete:bit internal:bit nowait:bit arguments:table
40.11 Exchange.DeclareOk
40.20 Exchange.Delete ticket:short exchange:shortstr if_unused:bit nowait:bit
40.21 Exchange.DeleteOk
40.30 Exchange.Bind ticket:short destination:shortstr source:shortstr routing_key:shortstr \
nowait:bit arguments:table
40.31 Exchange.BindOk
40.40 Exchange.Unbind ticket:short destination:shortstr source:shortstr routing_key:shortstr \
nowait:bit arguments:table
40.51 Exchange.UnbindOk
50.10 Queue.Declare ticket:short queue:shortstr passive:bit durable:bit exclusive:bit \
auto_delete:bit nowait:bit arguments:table
50.11 Queue.DeclareOk queue:shortstr message_count:long consumer_count:long
50.20 Queue.Bind ticket:short queue:shortstr exchange:shortstr routing_key:shortstr nowait:bit \
arguments:table
50.21 Queue.BindOk
50.30 Queue.Purge ticket:short queue:shortstr nowait:bit
50.31 Queue.PurgeOk message_count:long
50.40 Queue.Delete ticket:short queue:shortstr if_unused:bit if_empty:bit nowait:bit
50.41 Queue.DeleteOk message_count:long
50.50 Queue.Unbind ticket:short queue:shortstr exchange:shortstr routing_key:shortstr \
arguments:table
50.51 Queue.UnbindOk
60.10 Basic.Qos prefetch_size:long prefetch_count:short global:bit
60.11 Basic.QosOk
60.20 Basic.Consume ticket:short queue:shortstr consumer_tag:shortstr no_local:bit no_ack:bit \
exclusive:bit nowait:bit arguments:table
60.21 Basic.ConsumeOk consumer_tag:shortstr
60.30 Basic.Cancel consumer_tag:shortstr nowait:bit
60.31 Basic.CancelOk consumer_tag:shortstr
60.40 Basic.Publish ticket:short exchange:shortstr routing_key:shortstr mandatory:bit immediate:bit
60.50 Basic.Return reply_code:short reply_text:shortstr exchange:shortstr routing_key:shortstr
60.60 Basic.Deliver consumer_tag:shortstr delivery_tag:longlong redelivered:bit exchange:shortstr \
routing_key:shortstr
60.70 Basic.Get ticket:short queue:shortstr no_ack:bit
60.71 Basic.GetOk delivery_tag:longlong redelivered:bit exchange:shortstr routing_key:shortstr \
message_count:long
60.72 Basic.GetEmpty cluster_id:shortstr
60.80 Basic.Ack delivery_tag:longlong multiple:bit
60.90 Basic.Reject delivery_tag:longlong requeue:bit
60.100 Basic.RecoverAsync requeue:bit
60.110 Basic.Recover requeue:bit
60.111 Basic.RecoverOk
60.120 Basic.Nack delivery_tag:longlong multiple:bit requeue:bit
60.200 Basic.Credit consumer_tag:shortstr credit:long drain:bit
60.201 Basic.CreditOk available:long
85.10 Confirm.Select nowait:bit
85.11 Confirm.SelectOk
90.10 Tx.Select
90.11 Tx.SelectOk
90.20 Tx.Commit
90.21 Tx.CommitOk
90.30 Tx.Rollback
90.31 Tx.RollbackOk
"""

FIXED = {'octet': '>B', 'short': '>H', 'long': '>I', 'longlong': '>Q', 'timestamp': '>Q'}
TABLE_FIXED = {'t': '>?', 'b': '>b', 'B': '>B', 's': '>h', 'u': '>H', 'I': '>i', 'i': '>I',
               'l': '>q', 'L': '>q', 'f': '>f', 'd': '>d', 'T': '>Q'}


class Tag:
    """A table value with an explicit type tag; for D the value is (scale, unscaled)."""

    def __init__(self, tag, value):
        self.tag, self.value = tag, value


class RawTable(bytes):
    """Table contents after the 4-byte length, sent unchanged."""


def shortstr(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack('>B', len(data)) + data


def longstr(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack('>I', len(data)) + data


def table_body(entries):
    if isinstance(entries, RawTable):
        return bytes(entries)
    return b''.join(shortstr(key) + value_bytes(value) for key, value in entries.items())


def table(entries):
    return longstr(table_body(entries))


def value_bytes(value):
    """Tag and data of one field-table value."""
    if isinstance(value, Tag):
        return tagged_bytes(value.tag, value.value)
    if value is None:
        return b'V'
    if isinstance(value, bool):
        return tagged_bytes('t', value)
    if isinstance(value, int):
        return tagged_bytes('I', value)
    if isinstance(value, (dict, RawTable)):
        return b'F' + table(value)
    if isinstance(value, (str, bytes)):
        return b'S' + longstr(value)
    return b'A' + longstr(b''.join(value_bytes(item) for item in value))


def tagged_bytes(tag, value):
    head = tag.encode()
    if tag in TABLE_FIXED:
        return head + struct.pack(TABLE_FIXED[tag], value)
    if tag == 'D':
        return head + struct.pack('>Bi', *value)
    if tag in 'Sx':
        return head + longstr(value)
    raise ValueError(f'no encoder for table tag {tag!r}')


class Cursor:
    """Reads values from the front of a byte string; running over the end raises ValueError."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        if self.at + size > len(self.data):
            raise ValueError(f'{size} bytes wanted at {self.at} of {len(self.data)}')
        self.at += size
        return self.data[self.at - size:self.at]

    def fixed(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def shortstr(self):
        return text(self.take(self.fixed('>B')))

    def longstr(self):
        return text(self.take(self.fixed('>I')))

    def table(self):
        inner, entries = Cursor(self.take(self.fixed('>I'))), {}
        while inner.at < len(inner.data):
            key = inner.shortstr()
            entries[key] = inner.value()
        return entries

    def value(self):
        tag = self.take(1).decode('latin-1')
        if tag in TABLE_FIXED:
            return self.fixed(TABLE_FIXED[tag])
        if tag == 'D':
            return self.fixed('>B'), self.fixed('>i')
        if tag in 'Sx':
            return self.longstr()
        if tag == 'F':
            return self.table()
        if tag == 'V':
            return None
        if tag == 'A':
            inner, items = Cursor(self.take(self.fixed('>I'))), []
            while inner.at < len(inner.data):
                items.append(inner.value())
            return items
        raise ValueError(f'unknown table tag {tag!r}')


def text(data):
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def parse_methods(lines):
    by_id, by_name = {}, {}
    for line in lines.strip().splitlines():
        ids, name, *arguments = line.split()
        key = tuple(int(part) for part in ids.split('.'))
        fields = [tuple(argument.split(':')) for argument in arguments]
        by_id[key], by_name[name] = (name, fields), (key, fields)
    return by_id, by_name


BY_ID, BY_NAME = parse_methods(METHODS_TEXT)
EMPTY = {'bit': False, 'shortstr': '', 'longstr': '', 'table': {}}


def encode_method(name, **arguments):
    """Payload of a method frame. An argument that the method does not have is a mistake."""
    ids, fields = BY_NAME[name]
    unknown = set(arguments) - {field for field, _ in fields}
    if unknown:
        raise TypeError(f'{name} has no argument {sorted(unknown)}')
    out, bits, bit_count = [struct.pack('>HH', *ids)], 0, 0
    for field, kind in fields:
        value = arguments.get(field, EMPTY.get(kind, 0))
        if kind == 'bit':
            bits |= bool(value) << bit_count
            bit_count += 1
            continue
        if bit_count:
            out.append(bytes([bits]))
            bits = bit_count = 0
        if kind in FIXED:
            out.append(struct.pack(FIXED[kind], value))
        else:
            out.append({'shortstr': shortstr, 'longstr': longstr, 'table': table}[kind](value))
    if bit_count:
        out.append(bytes([bits]))
    return b''.join(out)


def decode_method(payload):
    """(name, arguments) of a method frame's payload; left-over bytes are a ValueError."""
    cursor = Cursor(payload)
    key = cursor.fixed('>H'), cursor.fixed('>H')
    if key not in BY_ID:
        raise ValueError(f'unknown method {key}')
    name, fields = BY_ID[key]
    arguments, bits, bit_count = {}, 0, 0
    for field, kind in fields:
        if kind == 'bit':
            if bit_count % 8 == 0:
                bits = cursor.fixed('>B')
            arguments[field] = bool(bits >> (bit_count % 8) & 1)
            bit_count += 1
            continue
        bit_count = 0
        arguments[field] = cursor.fixed(FIXED[kind]) if kind in FIXED else getattr(cursor, kind)()
    if cursor.at != len(payload):
        raise ValueError(f'{len(payload) - cursor.at} bytes after the arguments of {name}')
    return name, arguments
