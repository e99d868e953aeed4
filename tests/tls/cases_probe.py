"""What scanners of TLS ask for: old protocols, weak suites, renegotiation, compression."""
import re
import subprocess

from broker import check

WAIT_S = 20
# Of RFCs 2246 to 8446 and the practice since: nothing of it may be agreed on.
WEAK_SUITES = ('NULL', 'aNULL', 'EXPORT', 'LOW', 'RC4', '3DES', 'MD5', 'PSK', 'SRP', 'DSS', 'ADH',
               'AECDH', 'IDEA', 'SEED')
OLD_PROTOCOLS = ('-tls1', '-tls1_1')


def s_client(world, *words, text='Q\n'):
    """What openssl s_client says; a suite that this openssl does not have at all says so, too."""
    command = ['openssl', 's_client', '-connect', f'127.0.0.1:{world.tls_port}', '-CAfile',
               world.ca.cert, *words]
    done = subprocess.run(command, input=text, text=True, capture_output=True, timeout=WAIT_S,
                          check=False)
    return done.stdout + done.stderr


def agreed(told):
    """The suite; None when there was no handshake."""
    found = re.search(r'^New, (\S+), Cipher is (\S+)$', told, re.MULTILINE)
    return None if not found or found[2] == '(NONE)' else found[2]


def old_protocols_are_refused(world):
    world.start_tls()
    for protocol in OLD_PROTOCOLS:
        told = s_client(world, protocol, '-cipher', 'ALL:@SECLEVEL=0')
        check(agreed(told) is None, f'{protocol}: {told}')
    for protocol in ('-tls1_2', '-tls1_3'):
        told = s_client(world, protocol)
        check(agreed(told) is not None and 'Verify return code: 0 (ok)' in told, told)


def weak_suites_are_refused(world):
    world.start_tls()
    for suites in WEAK_SUITES:
        told = s_client(world, '-tls1_2', '-cipher', f'{suites}:@SECLEVEL=0')
        check(agreed(told) is None, f'{suites}: {told}')
    told = s_client(world, '-tls1_2')
    suite = agreed(told)
    check(suite is not None and suite.startswith('ECDHE-'), f'no forward secrecy: {suite}')


def nobody_renegotiates(world):
    world.start_tls()
    told = s_client(world, '-tls1_2', text='R\n')
    check('RENEGOTIATING' in told, told)
    check('no renegotiation' in told.lower() or 'handshake failure' in told.lower(), told)
    check('Secure Renegotiation IS supported' in told, told)


def nothing_is_compressed(world):
    world.start_tls()
    for protocol in ('-tls1_2', '-tls1_3'):
        told = s_client(world, protocol, '-comp')
        check('Compression: NONE' in told, told)


def a_session_is_resumed(world):
    world.start_tls()
    path = f'{world.node.directory}/session'
    first = s_client(world, '-tls1_2', '-sess_out', path)
    check(agreed(first) is not None, first)
    again = s_client(world, '-tls1_2', '-sess_in', path)
    check(re.search(r'^Reused, ', again, re.MULTILINE), again)


CASES = [old_protocols_are_refused, weak_suites_are_refused, nobody_renegotiates,
         nothing_is_compressed, a_session_is_resumed]
