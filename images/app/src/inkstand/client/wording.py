"""What the server says, as lines for people; pure. Times are those of the time zone `zone`."""

from __future__ import annotations

import json
import textwrap
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import tzinfo

    from inkstand.client.sse import Event

_LONGEST_TEXT = 60
_PEOPLE_COLUMNS = ("NAME", "ROLE", "SINCE", "LAST USED")
_LINK_COLUMNS = ("LINK", "FOR A", "NAME", "EXPIRES")
_NEIGHBOUR_COLUMNS = ("NAME", "ON IT", "WAITING", "")
_TOKEN_COLUMNS = ("ID", "KIND", "SCOPE", "NAME", "EXPIRES", "LAST USED", "")


def printable(text: object) -> str:
    """Return `text` on one line, without what a terminal would obey."""
    joined = " ".join(str(text).split())
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in joined)


def clock(at: str | None, zone: tzinfo | None) -> str:
    """Return the time of day of an RFC 3339 time, "-" for None."""
    return f"{_parse(at, zone):%H:%M:%S}" if at else "-"


def date(at: str | None, zone: tzinfo | None) -> str:
    """Return date and time of an RFC 3339 time, "-" for None."""
    return f"{_parse(at, zone):%Y-%m-%d %H:%M}" if at else "-"


def event_line(event: Event, now: datetime) -> str:
    """Return one line for `event`; `now` is aware, for events that carry no time."""
    data = event.data if isinstance(event.data, dict) else {}
    at = _time_of(event.type, data)
    when = clock(at, now.tzinfo) if at else f"{now:%H:%M:%S}"
    return f"{when}  {event.type:<10}  {_EVENTS.get(event.type, _unknown)(data)}".rstrip()


def message_line(message: Mapping[str, Any], zone: tzinfo | None) -> str:
    """Return one line for a message of the history."""
    at = date(message.get("at"), zone)
    author = printable(message.get("author"))
    return f"{message.get('id'):>5}  {at}  {message.get('state'):<8}  {author}: {_text(message)}"


def coming(at: str) -> str:
    """Return date and time of an RFC 3339 time to come, as clocks here show it then."""
    return date(at, None)


def scheduled_lines(message: Mapping[str, Any]) -> list[str]:
    """Return a line for a message that comes later, and one for when it comes after that."""
    first, *others = map(coming, message["upcoming"])
    author = printable(message.get("author"))
    lines = [f"{message.get('id'):>5}  {first}  {author}: {_text(message)}"]
    if message.get("repeat"):
        then = ", ".join(others) or "never again"
        lines.append(f"       {printable(message['repeat'])}, then {then}")
    return lines


def token_lines(tokens: Sequence[Mapping[str, Any]], zone: tzinfo | None) -> list[str]:
    """Return a table of tokens."""
    return table([_TOKEN_COLUMNS, *(_token_row(token, zone) for token in tokens)])


def setting_lines(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what there is to say about settings, with their values as JSON."""
    lines = []
    for each in settings:
        where = " (provisioned)" if each.get("provisioned") else ""
        value = json.dumps(each.get("value"), ensure_ascii=False)
        lines.append(printable(f"{each.get('name')}{where}: {value}"))
        if each.get("problem"):
            lines.append(f"  not in use: {printable(each['problem'])}")
    return lines


def people_lines(
    people: Sequence[Mapping[str, Any]],
    invitations: Sequence[Mapping[str, Any]],
    guests: Sequence[Mapping[str, Any]],
    zone: tzinfo | None,
) -> list[str]:
    """Return a table of people, and after it one of the links that are good, if any."""
    known = [
        (
            printable(it["name"]),
            it["role"],
            date(it["created_at"], zone),
            date(it["last_used_at"], zone),
        )
        for it in people
    ]
    links = [
        (
            it["id"],
            it.get("role", "guest"),
            printable(it["name"] or "-"),
            date(it["expires_at"], zone),
        )
        for it in (*invitations, *guests)
    ]
    lines = table([_PEOPLE_COLUMNS, *known])
    return [*lines, "", *table([_LINK_COLUMNS, *links])] if links else lines


def neighbour_lines(told: Mapping[str, Any], _zone: tzinfo | None) -> list[str]:
    """Return a table of other appliances, nothing if there are none."""
    rows = [_neighbour_row(each) for each in told["neighbours"]]
    return table([_NEIGHBOUR_COLUMNS, *rows]) if rows else []


def panel_lines(panel: Mapping[str, Any], zone: tzinfo | None) -> list[str]:
    """Return what there is to say about the panel."""
    lines = [f"panel: {printable(_state_of(panel))}"]
    if panel.get("width"):
        lines.append(f"size: {panel['width']}x{panel['height']}")
    if frame := panel.get("frame"):
        kind = frame.get("refresh") or "as it was found"
        lines.append(f"picture of: {date(frame.get('at'), zone)} ({kind})")
    if refreshing := panel.get("refreshing"):
        lines.append(f"refreshing: {refreshing.get('refresh')}, {clock(refreshing['at'], zone)}")
    return [*lines, f"refreshes: {_counts(panel.get('refreshes', {}))}"]


def _packages(updates: Mapping[str, Any] | None) -> list[str]:
    if not updates:
        return []
    names = updates.get("packages", [])
    if not names:
        return ["packages: as Debian has them"]
    security = updates.get("security", 0)
    told = ", ".join(map(printable, names))
    return [f"packages: {len(names)} are older than Debian's, {security} for security: {told}"]


def status_lines(status: Mapping[str, Any], zone: tzinfo | None) -> list[str]:
    """Return what there is to say about the whole appliance."""
    time = status.get("time", {})
    trust = "" if time.get("synchronised") else ", not synchronised"
    lines = [
        f"version: {printable(status.get('version'))}",
        f"running since: {date(status.get('started_at'), zone)}",
        f"its time: {date(time.get('now'), zone)} ({printable(time.get('timezone'))}{trust})",
        f"certificate expires: {date(status.get('certificate_expires_at'), zone)}",
        *panel_lines(status.get("panel", {}), zone),
        f"button: {printable(status.get('button', {}).get('state'))}",
        f"storage: {printable(status.get('storage', {}).get('state'))}",
        *_packages(status.get("updates")),
        f"messages: {_counts(status.get('messages', {}))}",
    ]
    return lines + [
        f"error at {date(error.get('at'), zone)}: {printable(error.get('what'))}"
        for error in status.get("errors", [])
    ]


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of equal length as lines with aligned columns."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(_padded(row, widths)).rstrip() for row in rows]


def _padded(row: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    return (cell.ljust(width) for cell, width in zip(row, widths, strict=True))


def _token_row(token: Mapping[str, Any], zone: tzinfo | None) -> tuple[str, ...]:
    return (
        printable(token.get("id")),
        printable(token.get("kind")),
        printable(token.get("scope")),
        printable(token.get("name")),
        date(token.get("expires_at"), zone) if token.get("expires_at") else "never",
        date(token.get("last_used_at"), zone),
        "(this one)" if token.get("current") else "",
    )


def _parse(at: str, zone: tzinfo | None) -> datetime:
    return datetime.fromisoformat(at).astimezone(zone)


def _time_of(kind: str, data: Mapping[str, Any]) -> str | None:
    at: str | None = data.get("time" if kind == "hello" else "at")
    return _time_of_message(data) if kind == "message" else at


def _time_of_message(data: Mapping[str, Any]) -> str | None:
    """Return when it became what it is; None when that is not told: it was set aside just now."""
    message = data.get("message", {})
    state = message.get("state")
    if state == "waiting" and data.get("previous") is not None:
        return None
    name = {"waiting": "at", "shown": "shown_at"}.get(state, "ended_at")
    at: str | None = message.get(name)
    return at


def _neighbour_row(it: Mapping[str, Any]) -> tuple[str, ...]:
    name = printable(it["name"])
    if not it["online"]:
        return (name, "away", "-", "")
    shown = _text({"text": it["message"] or it["screen"] or "-"})
    troubles = sorted({it["panel"], it["button"]} - {"ok", None})
    return (name, shown, str(it["waiting"] or 0), printable("; ".join(troubles)))


def _text(message: Mapping[str, Any]) -> str:
    text = printable(message.get("text", ""))
    shortened = textwrap.shorten(text, _LONGEST_TEXT, placeholder=" …")
    # A word longer than the line leaves nothing but the placeholder.
    shown = shortened if shortened != "…" else text[: _LONGEST_TEXT - 1] + "…"
    return f"[picture] {shown}".rstrip() if message.get("picture") else shown


def _state_of(panel: Mapping[str, Any]) -> object:
    return panel.get("reason") or panel.get("state")


def _counts(counts: Mapping[str, object]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items()) or "-"


def _hello(data: Mapping[str, Any]) -> str:
    panel = printable(_state_of(data.get("panel", {})))
    screen = printable(data.get("screen", {}).get("screen"))
    return f"version {printable(data.get('version'))}, panel {panel}, shows {screen}"


def _message(data: Mapping[str, Any]) -> str:
    message = data.get("message", {})
    number, state = message.get("id"), message.get("state")
    if data.get("previous") is not None:
        return f"{number} is {state}"
    return f"{number} is {state}, from {printable(message.get('author'))}: {_text(message)}"


def _frame(data: Mapping[str, Any]) -> str:
    took = data.get("seconds")
    return f"{data.get('refresh')}" + (f", {took:.2f} s" if took is not None else "")


def _screen(data: Mapping[str, Any]) -> str:
    page, pages = data.get("page") or 1, data.get("pages") or 1
    number = (data.get("message") or {}).get("id") or data.get("name")
    what = f"{data.get('screen')}" + (f" {printable(number)}" if number else "")
    return f"{what}, page {page} of {pages}" if pages > 1 else what


def _device(data: Mapping[str, Any]) -> str:
    reason = data.get("reason")
    return "is well" if reason is None else f"is down: {printable(reason)}"


def _unknown(data: Mapping[str, Any]) -> str:
    return printable(data)


_EVENTS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "hello": _hello,
    "message": _message,
    "refreshing": lambda data: f"{data.get('refresh')}",
    "frame": _frame,
    "screen": _screen,
    "button": lambda data: f"{data.get('gesture')}",
    "panel": _device,
    "line": _device,
    "lost": lambda data: f"{data.get('count')} events, this viewer was too slow",
}
