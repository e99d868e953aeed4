"""Sends the requests of http_requests.py to two brokers and prints where their answers differ:
URL URL. Lines begin with `-` for the first and `+` for the second, as in diff."""

import json
import sys

from api import Api, quoted
from http_requests import prepare, requests

HEADERS = ("content-type", "allow", "location", "www-authenticate", "content-encoding")
VOLATILE = {"node", "memory", "idle_since", "reductions", "garbage_collection", "message_stats"}


def shape(value):
    """JSON without what is different for each run: names of fields and types."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in sorted(value.items())
                if name not in VOLATILE and not name.endswith("_details")}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def described(answer, vhost):
    """Lines that can be compared."""
    def hidden(text):
        return text.replace(quoted(vhost), "VHOST").replace(vhost, "VHOST")
    lines = [f"status {answer.status}"]
    lines += [f"{name}: {hidden(answer.headers[name])}" for name in HEADERS
              if name in answer.headers]
    try:
        value = answer.json()
    except ValueError:
        return [*lines, f"body {hidden(answer.body.decode(errors='replace'))!r}"]
    if answer.status >= 400:
        return [*lines, f"body {hidden(json.dumps(value, sort_keys=True))}"]
    return [*lines, f"fields {json.dumps(shape(value))}"]


def answers(url):
    """Name → lines, for all requests."""
    api = Api([url, "0", "", "."])
    with api.vhost() as vhost:
        prepare(api, vhost)
        return {one.name: described(api.request(one.method, one.path, one.body,
                                                headers=one.headers, user=one.user), vhost)
                for one in requests(quoted(vhost))}


def main():
    first, second = (answers(url) for url in sys.argv[1:3])
    differences = 0
    for name, lines in first.items():
        other = second[name]
        if lines == other:
            continue
        differences += 1
        print(name)
        print("".join(f"  - {line}\n" for line in lines if line not in other)
              + "".join(f"  + {line}\n" for line in other if line not in lines), end="")
    print(f"{differences} of {len(first)} answers differ")


if __name__ == "__main__":
    main()
