"""What other programs send, in the words that they have, becomes what is wanted of the glass. Pure.

Each form is that of its public documentation: ntfy (Publishing), Gotify (Push messages), Apprise
(its services json:// and form://), Slack (incoming webhooks, Block Kit), Alertmanager
(webhook_config), Grafana (webhook notifier), Uptime Kuma (Webhook), GitHub (webhook events and
payloads). Fields that are not named here are ignored.
"""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from inkstand.errors import InvalidValueError, MalformedRequestError, UnsupportedMediaTypeError
from inkstand.media_types import BYTES, FORM, JSON, PLAIN_TEXT
from inkstand.rendering.text import is_blank

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MESSAGE = ("message", "text", "body", "msg")
_FIELDS = {*_MESSAGE, "title", "payload"}
_MOST_FIELDS = 100
# From where on a number is urgent: ntfy has 1 to 5, Gotify 0 to 10.
_HIGH_OF_NTFY, _HIGH_OF_GOTIFY = 4, 8
_URGENT = {"high", "max", "urgent"}
_DEEPEST = 6
_LINK = re.compile(r"<((?:https?|mailto):[^<>|]+)(?:\|([^<>|]*))?>")
_ESCAPED = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_UP, _DOWN = 1, 0
_GITHUB = ("issue", "pull_request", "discussion", "release", "workflow_run", "head_commit")

Headers = Mapping[str, str]
Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a program wants to be shown.

    `alert` names what it is about that may be over once, "" for nothing; `which` differs where the
    same has become another thing to say. `over`: the message about it is to be taken back.
    """

    text: str
    urgent: bool = False
    alert: str = ""
    which: str = ""
    over: bool = False


def read(content_type: str, body: bytes, headers: Headers, longest: int) -> Wanted | None:
    """Return what is wanted, its text at most `longest` characters; None for a trial that is heard.

    Raises:
        UnsupportedMediaTypeError: it is neither JSON, a form nor text.
        MalformedRequestError: the body is not what it is said to be.
        InvalidValueError: nothing known is in it, or a value of it is of the wrong kind.
    """
    wanted = _read(content_type, body, headers)
    if wanted is not None and not wanted.over and is_blank(wanted.text):
        raise InvalidValueError(f"Nothing in it can be seen; a text is in {' or '.join(_MESSAGE)}")
    if wanted is None or len(wanted.text) <= longest:
        return wanted
    return replace(wanted, text=f"{wanted.text[: longest - 1].rstrip()}…")


def _read(content_type: str, body: bytes, headers: Headers) -> Wanted | None:
    if content_type == JSON or content_type.endswith("+json"):
        return _of_json(body, headers)
    if content_type not in (FORM, PLAIN_TEXT, BYTES):
        known = f"{JSON}, {FORM} or {PLAIN_TEXT}"
        raise UnsupportedMediaTypeError(f"A hook takes {known}, no {content_type}")
    text = _decoded(body)
    form = _form(text) if content_type == FORM else {}
    if "payload" in form:
        return _of_json(form["payload"].encode("utf-8", "surrogatepass"), headers)
    # curl -d sends any text as a form.
    return _of_fields(form, headers) if form.keys() & _FIELDS else _of_text(text, headers)


def _of_json(body: bytes, headers: Headers) -> Wanted | None:
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedRequestError(f"The body is no JSON: {error}".partition("\n")[0]) from error
    said = _object("The body", value)
    if event := headers.get("X-GitHub-Event"):
        return None if event == "ping" else _of_github(event, said)
    if "alerts" in said:
        return _of_alerts(said)
    if said.get("heartbeat") is not None:
        return _of_heartbeat(said)
    return _of_fields(said, headers)


def _of_text(text: str, headers: Headers) -> Wanted:
    title = headers.get("Title") or headers.get("X-Title") or ""
    return Wanted(_joined(title, text), _is_urgent(_priority(headers), _HIGH_OF_NTFY))


def _of_fields(said: Object, headers: Headers) -> Wanted:
    """Return what ntfy, Gotify, Apprise or Slack says; who names a topic counts as ntfy does."""
    blocks, attached = said.get("blocks"), said.get("attachments")
    text = _first(said, *_MESSAGE)
    if isinstance(blocks, list):
        text = _plain("\n".join(_texts(blocks, _DEEPEST))) or text
    elif isinstance(attached, list) and not text:
        text = _plain("\n".join(_attached(attached)))
    elif "text" in said:
        text = _plain(text)
    high = _HIGH_OF_NTFY if "topic" in said else _HIGH_OF_GOTIFY
    urgent = _is_urgent(said.get("priority"), high)
    text = _joined(_first(said, "title"), text)
    return Wanted(text, urgent or _is_urgent(_priority(headers), _HIGH_OF_NTFY))


def _of_alerts(said: Object) -> Wanted:
    """Return what Alertmanager or Grafana says about a group: its alerts that are firing."""
    alerts = [_object("alerts", each) for each in _list("alerts", said["alerts"])]
    if not alerts:
        raise InvalidValueError("alerts must not be empty")
    firing = [alert for alert in alerts if _status(alert) == "firing"]
    marks = sorted(_first(alert, "fingerprint") for alert in firing)
    return Wanted(
        text="\n".join(map(_alert, firing)),
        urgent=any(_labels(alert).get("severity") == "critical" for alert in firing),
        alert=_first(said, "groupKey") or _first(alerts[0], "fingerprint") or _alert(alerts[0]),
        which=" ".join(marks),
        over=not firing,
    )


def _of_heartbeat(said: Object) -> Wanted:
    """Return what Uptime Kuma says about a monitor, which is down or up again."""
    monitor = _object("monitor", said.get("monitor"))
    status = _object("heartbeat", said["heartbeat"]).get("status")
    name, number = _first(monitor, "name"), monitor.get("id")
    if isinstance(number, bool) or not isinstance(number, int):
        raise InvalidValueError("monitor has to have a number as its id")
    text = _first(said, "msg") or _joined(name, _first(said["heartbeat"], "msg"))
    alert = f"monitor {number}" if status in (_UP, _DOWN) else ""
    return Wanted(text, alert=alert, over=status == _UP)


def _of_github(event: str, said: Object) -> Wanted:
    """Return one line for an event of a repository, and what it is about."""
    repository = _first(_object("repository", said.get("repository", {})), "full_name")
    if not repository:
        raise InvalidValueError(f"An event {event} is of no repository, and is not shown")
    about: Object = next((said[name] for name in _GITHUB if isinstance(said.get(name), dict)), {})
    title = _first(about, "title", "name", "display_title", "message").partition("\n")[0]
    # That a run is over says nothing; how it ended does.
    happened = _first(about, "conclusion").replace("_", " ") or _first(said, "action")
    words = (event.replace("_", " "), happened, _first(said, "ref"))
    return Wanted(_joined(f"{repository}: {' '.join(filter(None, words))}", title))


def _alert(alert: Object) -> str:
    """Return the line of an alert: its name, and what somebody wrote about it, or where it is."""
    labels, notes = _labels(alert), _object("annotations", alert.get("annotations") or {})
    about = _first(notes, "summary", "description", "message") or _first(labels, "instance")
    return ": ".join(filter(None, (_first(labels, "alertname"), about))) or "Alert"


def _labels(alert: Object) -> Object:
    return _object("labels", alert.get("labels") or {})


def _status(alert: Object) -> object:
    status = alert.get("status")
    if status not in ("firing", "resolved"):
        raise InvalidValueError("status of an alert has to be firing or resolved")
    return status


def _texts(blocks: object, depth: int) -> Iterator[str]:
    """Yield the texts of blocks of Slack, which lie in each other."""
    if isinstance(blocks, list) and depth:
        for block in blocks:
            yield from _texts(block, depth - 1)
    elif isinstance(blocks, dict) and depth:
        text = blocks.get("text")
        if isinstance(text, str):
            yield text
        for name in ("text", "fields", "elements"):
            yield from _texts(blocks.get(name), depth - 1)


def _attached(attached: Iterable[object]) -> Iterator[str]:
    for each in attached:
        if isinstance(each, dict):
            yield _joined(_first(each, "title"), _first(each, "text", "fallback"))


def _plain(text: str) -> str:
    """Return a text of Slack without its marks for links and its escapes."""
    text = _LINK.sub(lambda link: link[2] or link[1], text)
    for written, meant in _ESCAPED:
        text = text.replace(written, meant)
    return text.strip()


def _priority(headers: Headers) -> str | None:
    return headers.get("X-Priority") or headers.get("Priority")


def _is_urgent(priority: object, high: int) -> bool:
    """Tell whether a number is a high one, or a word of ntfy is; what is neither is not."""
    if isinstance(priority, str):
        # Too many digits are no number for int().
        word = priority.strip().lower()[:9]
        return word in _URGENT or (word.isdecimal() and int(word) >= high)
    return isinstance(priority, int) and not isinstance(priority, bool) and priority >= high


def _first(said: Object, *names: str) -> str:
    """Return the first text that there is under these names, "" for none.

    Raises:
        InvalidValueError: what is there is no text.
    """
    for name in names:
        value = said.get(name)
        if value is not None and not isinstance(value, str):
            raise InvalidValueError(f"{name} has to be a string")
        if value and value.strip():
            return value.strip()
    return ""


def _joined(title: str, text: str) -> str:
    """Return both on lines of their own, and what is the same once."""
    parts = (title.strip(), text.strip())
    return "\n".join(dict.fromkeys(filter(None, parts)))


def _object(name: str, value: object) -> Object:
    if not isinstance(value, dict):
        raise InvalidValueError(f"{name} has to be a JSON object")
    return value


def _list(name: str, value: object) -> list[object]:
    if not isinstance(value, list):
        raise InvalidValueError(f"{name} has to be a list")
    return value


def _form(text: str) -> dict[str, str]:
    try:
        return dict(urllib.parse.parse_qsl(text, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise InvalidValueError(f"A form has at most {_MOST_FIELDS} fields") from error


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise MalformedRequestError(f"The text is no UTF-8: byte {error.start}") from error
