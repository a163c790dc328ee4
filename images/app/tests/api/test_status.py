"""`/api/v1/status` and `/metrics`."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from inkstand import __version__
from inkstand.api.metrics import Metric, render
from inkstand.errors import StorageError
from inkstand.status.updates import UpdatesFile

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

pytestmark = pytest.mark.integration
Api = Any
_SAMPLE = re.compile(r'inkstand_[a-z_]+(\{[a-z0-9]+="[^"\n]*"\})? -?[0-9.e+]+')


async def metrics(api: Api) -> dict[str, float]:
    answer = await api.site.client.get("/metrics")
    assert (answer.status, answer.content_type) == (200, "text/plain")
    lines = (await answer.text()).removesuffix("\n").split("\n")
    samples = [line for line in lines if not line.startswith("# ")]
    assert all(_SAMPLE.fullmatch(sample) for sample in samples)
    named = {sample.partition(" ")[0]: float(sample.rpartition(" ")[2]) for sample in samples}
    assert len(named) == len(samples)
    return named


async def test_the_status_names_what_debian_has_mended_since(api: Api, tmp_path: Path) -> None:
    packages = {"packages": ["libc6", "openssl"], "security": ["libc6"]}
    file, found = tmp_path / "updates.json", {"image": "inkstand/app:1", **packages}
    file.write_text(json.dumps({"at": "2026-11-29T18:00:00+00:00", "images": {"app": found}}))
    api.site.system.report._updates = UpdatesFile(file, "inkstand/app:1")
    told = (await (await api.get("/status")).json())["updates"]
    assert (told["packages"], told["security"]) == (["libc6", "openssl"], 1)


async def test_the_status_says_how_everything_is(api: Api) -> None:
    await api.post("/messages", json={"text": "Hello"})
    await api.until_message(1, "shown")
    status = await (await api.get("/status")).json()
    assert status.pop("panel") == await (await api.get("/panel")).json()
    assert status.pop("started_at") <= status["time"].pop("now")
    assert status == {
        "version": __version__,
        "time": {"timezone": "UTC", "synchronised": True},
        "url": None,
        "certificate_expires_at": None,
        "authority_fingerprint": None,
        "button": {"state": "ok"},
        "storage": {"state": "ok"},
        "screens": [],
        "updates": None,
        "webhooks": [],
        "messages": {
            "waiting": 0,
            "shown": 1,
            "read": 0,
            "expired": 0,
            "deleted": 0,
            "scheduled": 0,
        },
        "errors": [],
    }


async def test_what_went_wrong_is_told(
    api: Api, eventually: Callable[..., Awaitable[None]]
) -> None:
    api.site.button.fail("the cable is cut")
    await eventually(lambda: api.site.system.report.errors)
    status = await (await api.get("/status")).json()
    assert status["button"] == {"state": "the cable is cut"}
    (error,) = status["errors"]
    assert "the cable is cut" in error["what"]
    assert error["at"].endswith("Z")


async def test_it_is_told_even_when_messages_cannot_be_read(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: object) -> None:
        raise StorageError("the disk does not answer")

    monkeypatch.setattr(type(api.site.system.store), "counts", fail)
    status = await (await api.get("/status")).json()
    assert status["messages"] is None
    assert "inkstand_messages" not in "".join(await metrics(api))


async def test_monitoring_is_told_what_is_on_the_glass(api: Api) -> None:
    await api.post("/messages", json={"text": "Hello"})
    await api.until_message(1, "shown")
    frame = hashlib.sha256(api.site.panel.current().data).hexdigest()
    assert (await metrics(api))[f'inkstand_frame_info{{sha256="{frame}"}}'] == 1


async def test_monitoring_is_told_in_the_format_of_prometheus(
    api: Api, eventually: Callable[..., Awaitable[None]]
) -> None:
    await api.post("/messages", json={"text": "Hello"})
    await api.until_message(1, "shown")
    wrong = {"username": "john", "password": "wrong"}
    await api.site.client.post("/api/v1/session", json=wrong)
    api.site.panel.vanish()
    await api.post("/messages/1/acknowledge")
    await eventually(lambda: api.site.system.display.reason)
    found = await metrics(api)
    assert found["inkstand_panel_up"] == 0
    assert found["inkstand_panel_errors_total"] >= 1
    assert 0 <= found["inkstand_frame_age_seconds"] < 60
    assert found['inkstand_refreshes_total{kind="full"}'] == 2
    assert found['inkstand_messages{state="read"}'] == 1
    assert found["inkstand_login_failures_total"] == 1
    assert found[f'inkstand_info{{version="{__version__}"}}'] == 1


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-Ip"])
async def test_who_comes_through_a_proxy_gets_no_metrics(api: Api, header: str) -> None:
    answer = await api.site.client.get("/metrics", headers={header: "127.0.0.1"})
    assert answer.status == 404


async def test_what_has_no_value_is_left_out_and_labels_are_escaped() -> None:
    empty = Metric("empty", "gauge", "Nothing.", {})
    odd = Metric("odd", "gauge", "Odd.", {'a"b\\c\nd': 1.5}, "name")
    assert render([empty, odd]) == (
        "# HELP inkstand_odd Odd.\n# TYPE inkstand_odd gauge\n"
        'inkstand_odd{name="a\\"b\\\\c\\nd"} 1.5\n'
    )
