"""The chat service over HTTP of the pages, as pages and examples ask it."""

import json
import re
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "test-your-pipeline.md"


def service_of_the_page() -> type:
    """The class that the page has its readers save as `support.py`."""
    text = PAGE.read_text(encoding="utf-8")
    code = re.search(r"file `support\.py`.*?^```python\n(.*?)^```", text, re.M | re.S)[1]
    names = {"__name__": "support"}
    exec(compile(code, "support.py", "exec"), names)
    return names["Support"]


class Checked:
    """Is busy now and then, and wants what real servers want."""

    asked = 0

    def do_POST(self):
        type(self).asked += 1
        if self.asked % 400 == 1:
            self.refuse(503, {"Retry-After": "0"})
        elif self.headers["Content-Type"] != "application/json":
            self.refuse(415)
        elif self.path != "/v1/chat/completions":
            self.refuse(404)
        else:
            super().do_POST()

    def refuse(self, status, headers=None):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"error": "refused"}).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="session")
def chat_url():
    """The address of a chat service that runs until the tests end."""
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), type("Endpoint", (Checked, service_of_the_page()), {})
    )
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
