"""A loopback HTTP server that speaks the chat completions protocol, deterministic in what it is asked."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Reply = tuple[int, Any]  # HTTP status and JSON body


def completion(model: str, prompt: str, answer: str) -> dict[str, Any]:
    """Return the protocol's answer; tokens are counted as words."""
    used = {"prompt_tokens": len(prompt.split()), "completion_tokens": len(answer.split())}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": answer}}],
        "usage": {**used, "total_tokens": sum(used.values())},
    }


def refuse(request: Mapping[str, Any]) -> Reply:
    return 500, {"error": {"message": "the model fell over", "type": "server_error"}}


def no_choices(request: Mapping[str, Any]) -> Reply:
    return 200, {"hello": "I am another protocol"}


def no_usage(request: Mapping[str, Any]) -> Reply:
    return 200, {**completion(request["model"], "", "5"), "usage": None}


@dataclass(frozen=True)
class Calculator:
    """Knows the answers by a part of the question; errs when it is warm and not asked for steps."""

    answers: Mapping[str, float]

    def __call__(self, request: Mapping[str, Any]) -> Reply:
        prompt = request["messages"][-1]["content"]
        known = next(answer for part, answer in self.answers.items() if part in prompt)
        if "step by step" in prompt:
            text = f"Step 1: read. Step 2: calculate. The number is {known:g}."
        else:
            text = f"{known + (1 if request['temperature'] > 0.5 else 0):g}"
        return 200, completion(request["model"], prompt, text)


@dataclass
class ChatServer:
    """Serves `reply` from a thread; `requests` holds the bodies it got, `url` is its base URL."""

    reply: Callable[[Mapping[str, Any]], Reply]
    requests: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def __enter__(self) -> "ChatServer":
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"


def _handler(chat: ChatServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            chat.requests.append(request)
            chat.paths.append(self.path)
            status, body = chat.reply(request)
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass  # the test's output stays its own

    return Handler
