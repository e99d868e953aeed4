"""An HTTP service that says who may do what, as auth_backends = http asks for it.

    with AuthService() as service:
        service.answers['user'] = 'allow administrator'
        ...
        service.asked('resource')      [{'username': 'ann', ...}] in order

An answer is text, or a function of the parameters that returns text; None: no answer ever comes.
"""
import http.server
import threading
import urllib.parse


class AuthService:
    def __init__(self):
        self.answers = {'user': 'allow', 'vhost': 'allow', 'resource': 'allow', 'topic': 'allow'}
        self.status = 200
        self.over = threading.Event()       # Ends what waits for ever.
        self.lock = threading.Lock()
        self.log = []
        self.server = None

    def __enter__(self):
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self):
                self.serve(urllib.parse.urlsplit(self.path).query)

            def do_POST(self):
                self.serve(self.rfile.read(int(self.headers['Content-Length'])).decode())

            def serve(self, query):
                kind = urllib.parse.urlsplit(self.path).path.rsplit('/', 1)[1]
                parameters = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
                text = service.answer(self.command, kind, parameters)
                if text is None:
                    service.over.wait(60)
                    return
                body = text.encode()
                try:
                    self.send_response(service.status)
                    self.send_header('Content-Length', str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass    # The broker did not want all of it.

            def handle(self):
                try:
                    super().handle()
                except OSError:
                    pass    # The broker has ended.

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()

    def answer(self, method, kind, parameters):
        with self.lock:
            self.log.append((method, kind, parameters))
            answer = self.answers[kind]
        return answer(parameters) if callable(answer) else answer

    def asked(self, kind):
        with self.lock:
            return [parameters for _, one, parameters in self.log if one == kind]

    def methods(self):
        with self.lock:
            return {method for method, _, _ in self.log}

    def settings(self, **more):
        """What a broker needs to ask this service."""
        url = f'http://127.0.0.1:{self.server.server_address[1]}/auth'
        return {'auth_backends.1': 'http', 'auth_backends.2': 'internal',
                **{f'auth_http.{kind}_path': f'{url}/{kind}' for kind in self.answers}, **more}
