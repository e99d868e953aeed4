"""What the HTTP API does apart from its contents: methods, logins, pages, bodies, compression."""

import contextlib
import gzip
import http.client
import json
import socket
import sys

from api import ADMINISTRATOR, basic, quoted, run
from harness import case, expect_equal, expect_in, wait_until
from http_requests import prepare, requests

ORIGIN = "http://origin.example"
CHALLENGE = 'Basic realm="RabbitMQ Management"'


def expect_one_of(got, wanted, what):
    if got not in wanted:
        raise AssertionError(f"{what}: got {got!r}, wanted one of {wanted}")


def exchange(api, sent):
    """Sends text by a connection of its own and returns all that comes until its end."""
    with socket.create_connection((api.host, api.port), 20) as link:
        link.sendall(sent.encode())
        answer = b""
        while part := link.recv(65536):
            answer += part
    return answer.decode()


@case
def answers_each_request_with_its_status(api):
    wrong = []
    with api.vhost() as vhost:
        prepare(api, vhost)
        for one in requests(quoted(vhost)):
            answer = api.request(one.method, one.path, one.body, headers=one.headers, user=one.user)
            wanted = one.old if one.old and api.is_before((4, 0)) else one.status
            if answer.status not in wanted:
                wrong.append(f"{one.name}: {answer}, wanted {wanted}")
            elif one.error and answer.json()["error"] != one.error:
                wrong.append(f"{one.name}: {answer}, wanted error {one.error}")
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        raise AssertionError(f"{len(wrong)} of them: " + "; ".join(wrong))


@case
def explains_each_refusal(api):
    """An answer of 400 and more to a request with a login is JSON with error and reason."""
    wrong = []
    with api.vhost() as vhost:
        prepare(api, vhost)
        for one in requests(quoted(vhost)):
            answer = api.request(one.method, one.path, one.body, headers=one.headers, user=one.user)
            if answer.status < 400 or answer.status in (405, 501) or one.method == "HEAD" \
                    or one.user is None or (answer.status == 500 and api.is_before((4, 0))):
                continue
            try:
                said = answer.json()
                if not said["error"] or not said["reason"]:
                    raise KeyError("empty")
            except (ValueError, KeyError, TypeError):
                # A path nobody knows has an empty body in RabbitMQ.
                if not one.path.startswith(("/nothing", "/queues//")):
                    wrong.append(f"{one.name}: {answer}")
    if wrong:
        raise AssertionError("; ".join(wrong))


@case
def asks_for_a_login_with_its_realm(api):
    """check_rabbitmq_server of Nagios looks its password up by this realm."""
    answer = api.request("GET", "/overview", user=None)
    expect_equal(answer.status, 401, "status")
    expect_equal(answer.headers.get("www-authenticate", "").lower(), CHALLENGE.lower(), "challenge")


@case
def lets_users_see_what_their_tags_allow(api):
    table = [("", "/overview", 401), ("management", "/overview", 200),
             ("management", "/nodes", 401), ("management", "/users", 401),
             ("management", "/queues", 200), ("policymaker", "/policies", 200),
             ("monitoring", "/nodes", 200), ("monitoring", "/connections", 200),
             ("monitoring", "/users", 401), ("administrator", "/users", 200)]
    for tags, path, wanted in table:
        with api.user(tags) as user:
            answer = api.request("GET", path, user=user)
            expect_equal(answer.status, wanted, f"{path} with tags {tags!r}")


@case
def limits_users_to_their_vhosts(api):
    with api.vhost() as vhost, api.user("management") as user:
        path = f"/queues/{quoted(vhost)}"
        api.expect(401, "GET", path, user=user)
        api.expect(401, "PUT", f"{path}/q", {}, user=user)
        api.expect(201, "PUT", f"/permissions/{quoted(vhost)}/{user[0]}",
                   {"configure": "^mine", "write": "", "read": ""})
        api.expect(200, "GET", path, user=user)
        api.expect(201, "PUT", f"{path}/mine", {}, user=user)
        answer = api.request("PUT", f"{path}/yours", {}, user=user)
        expect_one_of(answer.status, (400, 401, 403), "a queue it may not configure")
        expect_equal([one["name"] for one in api.get("/vhosts", user=user)], [vhost], "its vhosts")
        expect_equal([one["name"] for one in api.get("/queues", user=user)], ["mine"], "its queues")


@case
def gives_pages(api):
    with api.vhost() as vhost:
        prepare(api, vhost)
        path = f"/queues/{quoted(vhost)}"
        page = api.get(f"{path}?page=1&page_size=2&sort=name")
        expect_equal({name: page[name] for name in page if name != "items"},
                     {"page": 1, "page_count": 2, "page_size": 2, "item_count": 2,
                      "filtered_count": 3, "total_count": 3}, "the first page")
        expect_equal([one["name"] for one in page["items"]], ["a", "b"], "its items")
        page = api.get(f"{path}?page=2&page_size=2&sort=name&sort_reverse=true")
        expect_equal([one["name"] for one in page["items"]], ["a"], "the last page, reversed")
        page = api.get(f"{path}?page=1&name=%5E%5Bab%5D&use_regex=true")
        expect_equal((page["filtered_count"], page["total_count"], page["page_size"]),
                     (2, 3, 100), "an expression")
        page = api.get(f"{path}?page=1&name=%5B&use_regex=false")
        expect_equal((page["filtered_count"], page["items"]), (0, []), "nothing by this name")
        # KEDA asks so, and wants an object with pages all the same.
        page = api.get(f"{path}?page=1&pagination=false&use_regex=true&name=%5Ea&page_size=100")
        expect_equal((page["page_count"], len(page["items"])), (1, 1), "with pagination=false")
        expect_equal(len(api.get(f"{path}?name=a")), 3, "a name without a page")


@case
def chooses_and_sorts_by_nested_columns(api):
    with api.vhost() as vhost:
        prepare(api, vhost)
        path = f"/queues/{quoted(vhost)}"
        expect_equal(api.get(f"{path}?columns=name,arguments.x-max-length&sort=name")[0],
                     {"name": "a", "arguments": {"x-max-length": 3}}, "nested columns")
        for reverse, wanted in (("", "bca"), ("&sort_reverse=true", "acb")):
            rows = api.get(f"{path}?columns=name&sort=arguments.x-max-length{reverse}")
            expect_equal("".join(one["name"] for one in rows), wanted, f"sorted{reverse}")
        expect_equal(api.get(f"{path}/a?columns=name"), {"name": "a"}, "of one object")
        # RabbitMQ writes an object without fields as an empty array.
        expect_one_of(api.get(f"{path}?columns=nobody.knows"), ([{}] * 3, [[]] * 3),
                      "columns nobody knows")


@case
def head_has_no_body(api):
    full = api.request("GET", "/vhosts")
    head = api.request("HEAD", "/vhosts")
    expect_equal((head.status, head.body), (200, b""), "HEAD")
    expect_equal(head.headers.get("content-type"), full.headers["content-type"], "its type")


@case
def options_tell_the_methods(api):
    for path, wanted in (("/overview", {"GET"}), ("/queues/%2F/management.traffic",
                                                  {"GET", "PUT", "DELETE"}),
                         ("/definitions", {"GET", "POST"})):
        answer = api.request("OPTIONS", path)
        allowed = {one.strip() for one in answer.headers.get("allow", "").split(",")}
        if not wanted <= allowed:
            raise AssertionError(f"{path}: allow {allowed}, wanted {wanted}")
    answer = api.request("DELETE", "/overview")
    expect_equal(answer.status, 405, "a method it has not")
    expect_in("GET", answer.headers.get("allow", ""), "what it has")


@case
def lets_pages_of_an_origin_ask(api):
    """The origin that run.py allows by management.cors.allow_origins."""
    answer = api.request("OPTIONS", "/overview", user=None, headers={
        "Origin": ORIGIN, "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization"})
    expect_one_of(answer.status, (200, 204), "a preflight")
    expect_equal(answer.headers.get("access-control-allow-origin"), ORIGIN, "its origin")
    expect_in("GET", answer.headers.get("access-control-allow-methods", ""), "its methods")
    expect_in("authorization", answer.headers.get("access-control-allow-headers", "").lower(),
              "its headers")
    answer = api.request("GET", "/overview", headers={"Origin": ORIGIN})
    expect_equal((answer.status, answer.headers.get("access-control-allow-origin")), (200, ORIGIN),
                 "a request")
    answer = api.request("GET", "/overview", headers={"Origin": "http://other.example"})
    expect_equal(answer.headers.get("access-control-allow-origin"), None, "another origin")


@case
def compresses_when_asked(api):
    answer = api.request("GET", "/overview", headers={"Accept-Encoding": "gzip"})
    body = answer.body
    if answer.headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    expect_in("rabbitmq_version", json.loads(body), "the answer")
    plain = api.request("GET", "/overview", headers={"Accept-Encoding": "identity"})
    expect_equal(plain.headers.get("content-encoding"), None, "not asked for")


@case
def keeps_a_connection_for_many_requests(api):
    link = api.connect()
    with contextlib.closing(link):
        socket_of_first = None
        for number in range(100):
            link.request("GET", "/api/vhosts", headers={"Authorization": basic(ADMINISTRATOR)})
            response = link.getresponse()
            expect_equal(response.status, 200, f"request {number}")
            json.loads(response.read())
            socket_of_first = socket_of_first or link.sock
            if link.sock is not socket_of_first:
                raise AssertionError(f"another connection after {number} requests")


@case
def keeps_it_after_errors(api):
    link = api.connect()
    with contextlib.closing(link):
        for path, wanted in (("/api/nothing", 404), ("/api/queues/%2F/management.nobody", 404),
                             ("/api/queues?page=x", 400), ("/api/vhosts", 200)):
            link.request("GET", path, headers={"Authorization": basic(ADMINISTRATOR)})
            response = link.getresponse()
            response.read()
            expect_equal(response.status, wanted, path)


@case
def reads_chunked_bodies(api):
    with api.vhost() as vhost:
        link = api.connect()
        with contextlib.closing(link):
            link.request("PUT", f"/api/queues/{quoted(vhost)}/q", iter([b'{"dur', b'able": true}']),
                         {"Authorization": basic(ADMINISTRATOR),
                          "Content-Type": "application/json"}, encode_chunked=True)
            expect_equal(link.getresponse().status, 201, "a body in two chunks")
        expect_equal(api.get(f"/queues/{quoted(vhost)}/q")["durable"], True, "what was in it")


@case
def takes_requests_behind_one_another(api):
    """Pipelining: answers come in the order of the requests."""
    head = (f"Host: {api.host}:{api.port}\r\nAuthorization: {basic(ADMINISTRATOR)}\r\n")
    answer = exchange(api, "".join(
        f"GET /api/{path} HTTP/1.1\r\n{head}{end}\r\n" for path, end in (
            ("whoami", ""), ("overview?columns=node", ""), ("vhosts", "Connection: close\r\n"))))
    expect_equal(answer.count("HTTP/1.1 200"), 3, "answers")
    places = [answer.find(text) for text in ('"guest"', '"node"', '"cluster_state"')]
    expect_equal(places, sorted(places), f"their order in {answer[:300]!r}")
    expect_equal(-1 in places, False, "all are there")


@case
def refuses_what_is_no_http(api):
    for text in (b"\x00\x01\x02\x03\r\n\r\n", b"GET\r\n\r\n", b"AMQP\x00\x00\x09\x01",
                 b"GET /api/overview HTTP/9.9\r\n\r\n"):
        with socket.create_connection((api.host, api.port), 20) as link:
            link.sendall(text)
            with contextlib.suppress(ConnectionResetError):
                link.shutdown(socket.SHUT_WR)
                answer = link.recv(65536)
                if answer and not answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5", b"HTTP/1.0 4")):
                    raise AssertionError(f"{text!r}: {answer[:100]!r}")
    api.get("/whoami")


@case
def speaks_http_1_0(api):
    answer = exchange(
        api, f"GET /api/whoami HTTP/1.0\r\nAuthorization: {basic(ADMINISTRATOR)}\r\n\r\n")
    expect_in("200 OK", answer[:20], "status")
    expect_in('"guest"', answer.split("\r\n\r\n", 1)[1], "body, up to the end of the connection")


@case
def waits_for_no_body_that_was_announced(api):
    """Expect: 100-continue, as curl sends it before bodies of some size."""
    with api.vhost() as vhost, socket.create_connection((api.host, api.port), 20) as link:
        body = json.dumps({"arguments": {}, "durable": True}).encode()
        link.sendall(f"PUT /api/queues/{quoted(vhost)}/q HTTP/1.1\r\nHost: x\r\n"
                     f"Authorization: {basic(ADMINISTRATOR)}\r\nContent-Length: {len(body)}\r\n"
                     "Expect: 100-continue\r\n\r\n".encode())
        expect_in("100 Continue", link.recv(1000), "go on")
        link.sendall(body)
        expect_in("201 Created", link.recv(1000), "then")


@case
def names_have_any_characters(api):
    names = ["a/b", "a b", "a+b", "ž", "%2F", "a?b&c=d", "a#b", "..", "a;b", '"', "\\", "a%b"]
    with api.vhost("v/ h+ž") as vhost:
        for name in names:
            path = f"/queues/{quoted(vhost)}/{quoted(name)}"
            if name == "..":
                continue  # a client would take it out of the path
            api.expect(201, "PUT", path, {})
            expect_equal(api.get(path)["name"], name, "name")
        listed = {one["name"] for one in api.get(f"/queues/{quoted(vhost)}?columns=name")}
        expect_equal(listed, set(names) - {".."}, "all")


@case
def reports_where_new_objects_are(api):
    with api.vhost() as vhost:
        prepare(api, vhost)
        answer = api.expect(201, "POST", f"/bindings/{quoted(vhost)}/e/amq.topic/q/a",
                            {"routing_key": "x.#", "arguments": {"n": 1}})
        place = answer.headers.get("location", "")
        key = place.rsplit("/", 1)[-1]
        listed = api.get(f"/bindings/{quoted(vhost)}/e/amq.topic/q/a")
        expect_equal(len(listed), 1, "bindings")
        expect_equal(quoted(listed[0]["properties_key"]), key, f"the end of {place!r}")


@case
def says_json_and_forbids_caching(api):
    answer = api.request("GET", "/overview")
    expect_in("application/json", answer.headers["content-type"], "type")
    expect_in("no-cache", answer.headers.get("cache-control", ""), "cache")


@case
def reads_forms_of_definitions(api):
    """The page of RabbitMQ uploads files as multipart/form-data."""
    with api.vhost() as vhost:
        text = json.dumps({"queues": [{"name": "q", "vhost": vhost, "durable": True,
                                       "auto_delete": False, "arguments": {}}]})
        body = ("--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"d.json\"\r\n"
                f"Content-Type: application/json\r\n\r\n{text}\r\n--edge--\r\n").encode()
        answer = api.request("POST", "/definitions", body,
                             headers={"Content-Type": "multipart/form-data; boundary=edge"})
        expect_one_of(answer.status, (200, 204, 303), f"a form: {answer}")
        wait_until(lambda: api.request("GET", f"/queues/{quoted(vhost)}/q").status == 200, "queue")


@case
def closes_with_its_own_word(api):
    link = http.client.HTTPConnection(api.host, api.port, timeout=20)
    with contextlib.closing(link):
        link.request("GET", "/api/whoami", headers={"Authorization": basic(ADMINISTRATOR),
                                                    "Connection": "close"})
        response = link.getresponse()
        expect_equal(response.getheader("connection"), "close", "header")
        json.loads(response.read())


run()
