"""Metrics for monitoring: `/metrics` on the networks of the Pi, `/api/v1/metrics` for a token.

They are Prometheus text, format 0.0.4.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from inkstand.accounts.model import Scope
from inkstand.api.operations import TEXT, Operations
from inkstand.api.panel import counts
from inkstand.api.services import SERVICES, Services
from inkstand.api.status import OK, counts_of, storage_of
from inkstand.media_types import PLAIN_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from inkstand.config import Network

OPERATIONS = Operations("panel")
_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# What proxies add; whoever comes through one comes from outside.
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-Ip")


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: samples by the value of its label, or one sample with none."""

    name: str
    kind: str  # gauge or counter
    text: str
    samples: Mapping[str, float]
    label: str = ""


async def of_network(request: web.Request) -> web.Response:
    """`GET /metrics`, for the internal network only: for others there is no such page."""
    services = request.app[SERVICES]
    if not _is_internal(request, services.settings.metrics_networks):
        raise web.HTTPNotFound
    return await _answer(services)


@OPERATIONS.add(
    "get", "/metrics", "metrics", Scope.METRICS, answers={200: {PLAIN_TEXT: {"schema": TEXT}}}
)
async def of_token(request: web.Request) -> web.Response:
    """How everything is, for Prometheus: text, format 0.0.4."""
    return await _answer(request.app[SERVICES])


async def _answer(services: Services) -> web.Response:
    storage = await storage_of(services)
    messages = await counts_of(services.controller.store) or {}
    metrics = (
        *_of_panel(services),
        *_of_app(services),
        *_of_screens(services),
        _gauge("storage_up", "Whether messages can be kept and read.", storage == OK),
        Metric("messages", "gauge", "How many messages there are.", messages, "state"),
    )
    return web.Response(text=render(metrics), headers={"Content-Type": _TYPE})


def render(metrics: Iterable[Metric]) -> str:
    """Return `metrics` as text; those without a sample are left out."""
    return "".join(f"{line}\n" for metric in metrics if metric.samples for line in _lines(metric))


def _lines(metric: Metric) -> Iterator[str]:
    name = f"inkstand_{metric.name}"
    yield f"# HELP {name} {metric.text}"
    yield f"# TYPE {name} {metric.kind}"
    for value, number in metric.samples.items():
        label = f'{{{metric.label}="{_escaped(value)}"}}' if metric.label else ""
        yield f"{name}{label} {number:.15g}"


def _of_panel(services: Services) -> Iterator[Metric]:
    display, shown = services.display, services.display.last_refresh
    at = None if shown is None else shown.at
    age = None if at is None else (services.clock.now() - at).total_seconds()
    took = None if shown is None else shown.seconds
    yield _gauge("panel_up", "Whether the panel works.", display.reason is None)
    held = display.frame_of_driver
    frame = None if held is None else hashlib.sha256(held.data).hexdigest()
    yield Metric(
        "frame_info",
        "gauge",
        "What is on the glass, read back: a hash of the file LE/current.",
        {} if frame is None else {frame: 1},
        "sha256",
    )
    yield _seconds("frame_timestamp_seconds", "Since when the glass shows what it shows.", at)
    yield _gauge("frame_age_seconds", "Former: see inkstand_frame_timestamp_seconds.", age)
    yield _gauge("refresh_seconds", "What the last refresh took.", took)
    yield _counter(
        "panel_errors_total", "How often the panel or its driver failed.", display.errors
    )
    yield Metric(
        "refreshes_total",
        "counter",
        "How often the panel was refreshed, and how often that was not needed.",
        counts(display.refreshes),
        "kind",
    )


def _of_app(services: Services) -> Iterator[Metric]:
    report, failures = services.report, services.accounts.login_failures
    expires = report.certificate_expires_at
    yield Metric("info", "gauge", "Which Inkstand this is.", {report.version: 1}, "version")
    yield _seconds("start_time_seconds", "When it was started.", report.started_at)
    yield _gauge("button_up", "Whether the button can be read.", report.button == OK)
    yield _gauge("time_synchronised", "Whether the time is known.", report.synchronised)
    name = "certificate_expiry_timestamp_seconds"
    yield _seconds(name, "When the certificate expires.", expires)
    yield _seconds("certificate_expiry_seconds", f"Former: see inkstand_{name}.", expires)
    yield _gauge(
        "event_viewers", "How many streams of events are open.", len(services.broadcaster.viewers)
    )
    yield _counter("login_failures_total", "How often somebody could not log in.", failures)


def _of_screens(services: Services) -> Iterator[Metric]:
    screens = services.report.screens
    works = {name: float(not pack.problem) for name, pack in screens.items()}
    fetched = {
        name: pack.fetched_at.timestamp() for name, pack in screens.items() if pack.fetched_at
    }
    yield Metric("screen_up", "gauge", "Whether a screen shows what it should.", works, "screen")
    text = "When the data of a screen came last; of several sources, the oldest."
    yield Metric("screen_data_timestamp_seconds", "gauge", text, fetched, "screen")


def _gauge(name: str, text: str, value: float | None) -> Metric:
    return Metric(name, "gauge", text, {} if value is None else {"": value})


def _counter(name: str, text: str, value: float) -> Metric:
    return Metric(name, "counter", text, {"": value})


def _seconds(name: str, text: str, moment: datetime | None) -> Metric:
    return _gauge(name, text, None if moment is None else moment.timestamp())


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _is_internal(request: web.Request, networks: tuple[Network, ...]) -> bool:
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        address = ipaddress.ip_address(request.remote or "")
    except ValueError:
        return False
    return any(address in network for network in networks)
