"""How the appliance is doing: `/api/v1/status`, `/healthz`, and `/metrics` for monitoring.

Metrics are Prometheus text, format 0.0.4. Without `from __future__ import annotations`: the types
of the fields are read when it runs.
"""

import asyncio
import hashlib
import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from aiohttp import web

from inkstand.accounts.model import Scope
from inkstand.api.operations import Operations, answer
from inkstand.api.panel import Panel, counts
from inkstand.api.schemas import Count, Rule
from inkstand.api.services import SERVICES, Services
from inkstand.errors import StorageError
from inkstand.messages import State

if TYPE_CHECKING:
    from inkstand.config import Network
    from inkstand.messages.store import MessageStore

OPERATIONS = Operations("panel")
_OK = "ok"
_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# What proxies add; whoever comes through one comes from outside.
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-Ip")


@dataclass(frozen=True, kw_only=True)
class Part:
    """How a part is."""

    state: Annotated[str, Rule(description="`ok`, or one sentence that says what is wrong.")]


@dataclass(frozen=True, kw_only=True)
class Time:
    """The time there."""

    now: datetime
    timezone: str
    synchronised: bool


@dataclass(frozen=True, kw_only=True)
class RecentError:
    """What went wrong lately."""

    at: datetime
    what: str


@dataclass(frozen=True, kw_only=True)
class ShownPack(Part):
    """A pack that the playlist shows, and when its data came last."""

    name: str
    fetched_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Status:
    """How everything is."""

    version: str
    started_at: datetime
    url: str | None
    certificate_expires_at: datetime | None
    authority_fingerprint: str | None
    button: Part
    errors: Annotated[list[RecentError], Rule(maxItems=10)]
    time: Time
    panel: Panel
    storage: Part
    screens: list[ShownPack]
    messages: dict[State, Count] | None


@OPERATIONS.add("get", "/status", "status", Scope.READ, answers={200: Status})
async def status(request: web.Request) -> web.Response:
    """How everything is."""
    services = request.app[SERVICES]
    report, now = services.report, services.clock.now()
    return answer(
        Status(
            version=report.version,
            started_at=report.started_at,
            url=report.url or None,
            certificate_expires_at=report.certificate_expires_at,
            authority_fingerprint=report.authority.fingerprint,
            button=Part(state=report.button),
            errors=[RecentError(at=error.at, what=error.what) for error in report.errors],
            time=Time(
                now=now,
                timezone=services.settings.timezone.key,
                synchronised=report.synchronised,
            ),
            panel=Panel.of(services.display),
            storage=Part(state=await _storage_of(services)),
            screens=[
                ShownPack(name=name, state=pack.problem or _OK, fetched_at=pack.fetched_at)
                for name, pack in report.screens.items()
            ],
            messages=await _counts_of(services.controller.store),
        )
    )


async def healthz(request: web.Request) -> web.Response:
    """`GET /healthz`: always 200 while the app serves; the body says what does not work."""
    services = request.app[SERVICES]
    panel, storage = await asyncio.gather(services.display.probe(), _storage_of(services))
    parts = {"panel": panel or _OK, "button": services.button.state, "storage": storage}
    status = _OK if set(parts.values()) == {_OK} else "degraded"
    notices = await services.report.notices()
    more = {"notices": notices} if notices else {}
    return web.json_response({"status": status, **parts, **more})


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: samples by the value of its label, or one sample with none."""

    name: str
    kind: str  # gauge or counter
    text: str
    samples: Mapping[str, float]
    label: str = ""


async def metrics(request: web.Request) -> web.Response:
    """`GET /metrics`, for the internal network only: for others there is no such page."""
    services = request.app[SERVICES]
    if not _is_internal(request, services.settings.metrics_networks):
        raise web.HTTPNotFound
    messages = await _counts_of(services.controller.store) or {}
    text = render((*_of_panel(services), *_of_app(services), _of_messages(messages)))
    return web.Response(text=text, headers={"Content-Type": _TYPE})


def render(metrics: Iterable[Metric]) -> str:
    """Return `metrics` as text; those without a sample are left out."""
    return "".join(f"{line}\n" for metric in metrics if metric.samples for line in _lines(metric))


async def _storage_of(services: Services) -> str:
    """Return `ok`, or one sentence that says why messages cannot be kept or read now."""
    try:
        await services.controller.store.probe()
    except StorageError as error:
        return str(error)
    return services.controller.state.trouble or _OK


async def _counts_of(store: "MessageStore") -> dict[Any, int] | None:
    """Return how many messages there are in each state; None when they cannot be read."""
    try:
        return dict(await store.counts())
    except StorageError:
        return None


def _lines(metric: Metric) -> Iterator[str]:
    name = f"inkstand_{metric.name}"
    yield f"# HELP {name} {metric.text}"
    yield f"# TYPE {name} {metric.kind}"
    for value, number in metric.samples.items():
        label = f'{{{metric.label}="{_escaped(value)}"}}' if metric.label else ""
        yield f"{name}{label} {number:.15g}"


def _of_panel(services: Services) -> Iterator[Metric]:
    display, shown = services.display, services.display.last_refresh
    age = None if shown is None else (services.clock.now() - shown.at).total_seconds()
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
    yield _gauge("frame_age_seconds", "Since when the glass shows what it shows.", age)
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
    yield _gauge("button_up", "Whether the button can be read.", report.button == "ok")
    yield _gauge(
        "storage_up", "Whether messages can be kept.", services.controller.state.trouble is None
    )
    yield _gauge("time_synchronised", "Whether the time is known.", report.synchronised)
    yield _seconds("certificate_expiry_seconds", "When the certificate expires.", expires)
    yield _gauge(
        "event_viewers", "How many streams of events are open.", len(services.broadcaster.viewers)
    )
    yield _counter("login_failures_total", "How often somebody could not log in.", failures)


def _of_messages(messages: Mapping[str, int]) -> Metric:
    return Metric("messages", "gauge", "How many messages there are.", messages, "state")


def _gauge(name: str, text: str, value: float | None) -> Metric:
    return Metric(name, "gauge", text, {} if value is None else {"": value})


def _counter(name: str, text: str, value: float) -> Metric:
    return Metric(name, "counter", text, {"": value})


def _seconds(name: str, text: str, moment: datetime | None) -> Metric:
    return _gauge(name, text, None if moment is None else moment.timestamp())


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _is_internal(request: web.Request, networks: tuple["Network", ...]) -> bool:
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        address = ipaddress.ip_address(request.remote or "")
    except ValueError:
        return False
    return any(address in network for network in networks)
