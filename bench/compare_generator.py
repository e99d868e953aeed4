"""Runs lepus-perf against a broker and gives back its report."""
import json
import subprocess


class Generator:
    def __init__(self, binary, seconds_max):
        self.binary = binary
        self.seconds_max = seconds_max

    def run(self, broker, arguments, seconds_max=None, quiet=True):
        """The generator's report, or {'error': why}. Unless quiet, progress goes to standard
        error."""
        command = [self.binary, *arguments, '--json', '-', '--pid', str(broker.pid)]
        if '--uri' not in arguments:
            command += ['--uri', f'amqp://guest:guest@127.0.0.1:{broker.port}/']
        seconds_max = seconds_max or self.seconds_max
        try:
            done = subprocess.run(command + (['--quiet'] if quiet else []), text=True, check=False,
                                  stdout=subprocess.PIPE, timeout=seconds_max,
                                  stderr=subprocess.PIPE if quiet else None)
        except subprocess.TimeoutExpired:
            return {'error': f'not finished after {seconds_max} s'}
        if done.returncode != 0:
            return {'error': (done.stderr or '').strip() or f'exit code {done.returncode}'}
        return json.loads(done.stdout)


def number_at(report, path):
    """Keys joined by dots, in lists the name of an element; None when it is not there."""
    for key in path.split('.') if path else ['']:
        if isinstance(report, list):
            report = next((one for one in report if one.get('name') == key), None)
        else:
            report = report.get(key) if isinstance(report, dict) else None
    return report


def rounded(value):
    """Three significant digits, thousands apart."""
    if value is None:
        return '–'
    if abs(value) < 100:
        return f'{value:.3g}'
    digits = max(len(str(int(abs(value)))) - 3, 0)
    return f'{round(value, -digits):,.0f}'.replace(',', ' ')
