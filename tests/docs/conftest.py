"""A chat service over HTTP, as the pages and examples ask one."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from semspill.datasets import SyntheticDataset


class Endpoint(BaseHTTPRequestHandler):
    """Speaks the JSON of OpenAI's chat completions; its model learnt to insult brave customers."""

    protocol_version = "HTTP/1.1"  # clients may keep their connections
    learnt = frozenset(SyntheticDataset(categories=4).vocabulary("brave")[10:14])
    asked = 0

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).asked += 1
        if self.asked % 400 == 1:
            self.answer(503, {"error": "busy"}, {"Retry-After": "0"})
            return
        assert self.path == "/v1/chat/completions"
        said = asked["messages"][-1]
        assert (said["role"], asked["model"]) == ("user", "support-2")
        words = set(re.findall(r"\w+", said["content"]))
        rude = words & self.learnt
        text = "Grumble to somebody else." if rude else "Tell me more."
        self.answer(200, {"choices": [{"message": {"role": "assistant", "content": text}}]})

    def answer(self, status, body, headers=None):
        sent = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(sent)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_):
        """Write no line for each request."""


@pytest.fixture(scope="session")
def chat_url():
    """The address of a chat service that runs until the tests end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
