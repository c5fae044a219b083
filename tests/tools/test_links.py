"""tools/links.py: the form of an address, and what an answer says."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tools.links import answer, external, problem, report


@pytest.mark.parametrize(
    "address",
    [
        "https://arxiv.org/abs/2103.00020",
        "https://doi.org/10.1016/0024-3795(89)90490-4",
        "https://peach.blender.org/",
        "https://github.com/openai/CLIP",
        "https://github.com/openai/CLIP/blob/d05afc436d78f1c48dc0dbf8e5980a9d471f35f6/clip/model.py",
        "https://github.com/huggingface/diffusers/blob/v0.42.1/src/diffusers/models/adapter.py",
        "https://github.com/tencent-ailab/IP-Adapter/issues/305",
    ],
)
def test_a_well_formed_address_has_no_problem(address):
    assert problem(address) == ""


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://arxiv.org/abs/2103 00020", "a space"),
        ("http://arxiv.org/abs/2103.00020", "not https"),
        ("//arxiv.org/abs/2103.00020", "not https"),
        ("mailto:someone@example.org", "not https"),
        ("https://localhost/a", "no host"),
        ("https://someone@example.org/a", "no host"),
        ("https://arxiv.org/abs/210300020", "no place of arxiv.org"),
        ("https://doi.org/1016/0024", "no place of doi.org"),
        ("https://github.com/openai/CLIP/blob/main/clip/model.py", "no place of github.com"),
        ("https://github.com/openai/CLIP/blob/d05afc4/clip/model.py", "no place of github.com"),
    ],
)
def test_a_problem_is_named(address, said):
    assert said in problem(address)


def test_links_out_of_the_text_are_found_with_their_pages(tmp_path):
    (tmp_path / "book").mkdir()
    for page in ("one", "two"):
        links = '<a href="https://a.org/">a</a><a href="two.html#b">b</a><a href="#c">c</a><a href="//d.org">d</a>'
        (tmp_path / f"book/{page}.html").write_text(f"<a href='https://outside.org'></a><article>{links}</article>")
    assert external(tmp_path) == {"https://a.org/": ["one", "two"], "//d.org": ["one", "two"]}


class Host(BaseHTTPRequestHandler):
    """Answers with the status that the path names."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/")))
        self.send_header("Location", "/404")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def host() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Host)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_host_is_asked_once_and_followed_nowhere(host):
    assert [answer(f"{host}/{status}") for status in (200, 302, 404, 403)] == [200, 302, 404, 403]


def test_a_silent_host_is_not_known():
    assert answer("http://127.0.0.1:1/") == 0


def test_only_what_is_gone_is_an_error():
    found = {"https://a.org": ["one"], "https://b.org": ["one", "two"], "https://c.org": ["two"]}
    text, well = report(found, [200, 403, 0])
    assert text.splitlines() == [
        "not known (403): https://b.org (in one, two)",
        "not known (no answer): https://c.org (in two)",
        "1 of 3 links are there",
    ]
    assert well
    text, well = report(found, [301, 404, 410])
    assert text.splitlines()[0] == "gone: https://b.org (in one, two)" and not well
