"""The OpenAPI document as a page for people. Pure.

One page without a script: what a browser finds by itself needs none.
"""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any

from inkstand.media_types import JSON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

Json = dict[str, Any]
_METHODS = ("get", "post", "put", "patch", "delete")
_PLACE = re.compile(r"\{\w+\}")
_SCHEMAS = "#/components/schemas/"
_LIMITS = {
    "minimum": "from {}",
    "maximum": "up to {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {}",
    "maxItems": "at most {}",
    "format": "{}",
    "default": "default: {}",
}
_SAMPLES = {"integer": 1, "number": 1.5, "boolean": True, "string": "Hello", "array": []}
_TIME = "2030-12-24T18:00:00Z"
_PROBLEM = 400  # the first status of an error
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
  <meta name="color-scheme" content="light dark">
  <meta name="robots" content="noindex">
  <title>API · {title}</title>
  <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/assets/style.css">
</head>
<body class="plain">
  <header class="top"><p class="name">{title}</p></header>
  <main class="narrow api">
    <h1 class="page-title">API</h1>
    {body}
  </main>
  <footer class="bottom"><a href="/">Go to the panel</a></footer>
</body>
</html>
"""
_INTRODUCTION = """\
<p class="lead">{description}</p>
<p>The same as JSON: <a href="/api/v1/openapi.json">openapi.json</a> (OpenAPI {openapi},
  version {version}). The examples take two variables; a token is made on the page, under
  “Tokens”:</p>
<pre tabindex="0">INKSTAND=https://mac.example.com
TOKEN=…</pre>
"""


def render(document: Json) -> str:
    """Return the page that tells what an OpenAPI document of ours says."""
    info, prefix = document["info"], document["servers"][0]["url"]
    told = {name: _prose(str(value)) for name, value in info.items()}
    schemas = document["components"]["schemas"]
    groups = _by_tag(document["paths"])
    body = [_INTRODUCTION.format(openapi=_e(document["openapi"]), **told), _contents(groups)]
    for tag, operations in groups.items():
        body.append(f"<h2>{_e(tag)}</h2>")
        body += [_operation(schemas, prefix, *operation) for operation in operations]
    body.append("<h2>What is sent and answered</h2>")
    body += [_schema(name, schema) for name, schema in sorted(schemas.items())]
    return _PAGE.format(title=told["title"], body="\n".join(body))


def curl(schemas: Json, prefix: str, method: str, path: str, operation: Json) -> str:
    """Return a command that asks for an operation."""
    words = ["curl"]
    if method != "get":
        words.append(f"-X {method.upper()}")
    if operation.get("security") != []:
        words.append('-H "Authorization: Bearer $TOKEN"')
    body = operation.get("requestBody", {}).get("content", {})
    if body:
        kind, content = next(iter(body.items()))
        words.append(f"-H 'Content-Type: {kind}'")
        words.append(_data(schemas, kind, content["schema"]))
    answers = operation["responses"].values()
    if any("text/event-stream" in answer.get("content", {}) for answer in answers):
        words.append("-N")
    if any(
        kind.startswith("image/")
        for kind in operation["responses"].get("200", {}).get("content", {})
    ):
        words.append("-o picture.png")
    return " ".join([*words, f'"$INKSTAND{prefix}{_PLACE.sub("1", path)}"'])


def sample(schemas: Json, schema: Json) -> Any:
    """Return a value that `schema` may be taken to mean."""
    if "$ref" in schema:
        return sample(schemas, schemas[_name(schema)])
    if "oneOf" in schema:
        return sample(schemas, schema["oneOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    kinds = schema.get("type", "")
    kind = kinds[0] if isinstance(kinds, list) else kinds
    if kind == "object":
        needed = schema.get("required") or list(schema.get("properties", {}))[:1]
        return {name: sample(schemas, schema["properties"][name]) for name in needed}
    if schema.get("format") == "date-time":
        return _TIME
    return schema.get("default", _SAMPLES.get(kind))


def _data(schemas: Json, kind: str, schema: Json) -> str:
    if kind == JSON:
        quoted = json.dumps(sample(schemas, schema)).replace("'", r"'\''")
        return f"-d '{quoted}'"
    return "-d 'Hello'" if kind.startswith("text/") else "--data-binary @picture.png"


def _by_tag(paths: Json) -> dict[str, list[tuple[str, str, Json]]]:
    groups: dict[str, list[tuple[str, str, Json]]] = {}
    for path, item in paths.items():
        for method in filter(item.__contains__, _METHODS):
            groups.setdefault(item[method]["tags"][0], []).append((method, path, item[method]))
    return groups


def _contents(groups: Mapping[str, list[tuple[str, str, Json]]]) -> str:
    lines = []
    for tag, operations in groups.items():
        links = (
            f'<li><a href="#{_e(operation["operationId"])}">{method.upper()} {_e(path)}</a></li>'
            for method, path, operation in operations
        )
        lines.append(f"<div><h2>{_e(tag)}</h2><ul>{''.join(links)}</ul></div>")
    return f'<nav class="contents" aria-label="Contents">{"".join(lines)}</nav>'


def _operation(schemas: Json, prefix: str, method: str, path: str, operation: Json) -> str:
    needs = operation.get("description", "For anybody.")
    content = operation.get("requestBody", {}).get("content", {})
    rows = [
        (
            each["name"],
            each["in"],
            each["schema"],
            _about(each),
            each.get("required"),
        )
        for each in operation["parameters"]
    ]
    bodies = (
        f"<li><code>{_e(kind)}</code>: {_kind(each['schema'])}</li>"
        for kind, each in content.items()
    )
    answers = (_answer(*each) for each in operation["responses"].items())
    return "\n".join(
        (
            f'<section class="card" id="{_e(operation["operationId"])}">',
            f"<h3><code>{method.upper()} {_e(prefix + path)}</code></h3>",
            f"<p>{_prose(operation['summary'])} <span class='soft'>{_prose(needs)}</span></p>",
            _part("Parameters", _table(rows)),
            _part("Body", _list(bodies)),
            _part("Answers", _list(answers)),
            _errors(operation["responses"]),
            f"<pre tabindex='0'>{_e(curl(schemas, prefix, method, path, operation))}</pre>",
            "</section>",
        )
    )


def _about(parameter: Json) -> str:
    return str(parameter.get("description") or parameter["schema"].get("description", ""))


def _answer(status: str, answer: Json) -> str:
    if int(status) >= _PROBLEM:
        return ""
    kinds = (
        f"<code>{_e(kind)}</code>: {_kind(each.get('schema', {}))}"
        for kind, each in answer.get("content", {}).items()
    )
    headers = (
        f"header <code>{_e(name)}</code>: {_prose(each.get('description', ''))}"
        for name, each in answer.get("headers", {}).items()
    )
    more = "; ".join((*kinds, *headers))
    return f"<li>{status} {_e(answer['description'])}{': ' if more else ''}{more}</li>"


def _errors(answers: Mapping[str, Json]) -> str:
    codes = ", ".join(
        f"{status} {_e(each['description'])}"
        for status, each in answers.items()
        if int(status) >= _PROBLEM
    )
    return f'<p class="soft">Or <a href="#Problem">Problem</a>: {codes}.</p>' if codes else ""


def _schema(name: str, schema: Json) -> str:
    needed = schema.get("required", ())
    rows = [
        (field, None, each, each.get("description", ""), field in needed)
        for field, each in schema.get("properties", {}).items()
    ]
    text = _table(rows) if rows else f"<p>{_kind(schema)}</p>"
    about = f"<p>{_prose(schema.get('description') or '')}</p>"
    return f'<section class="card" id="{_e(name)}"><h3>{_e(name)}</h3>{about}{text}</section>'


def _table(rows: Iterable[tuple[str, str | None, Json, str, bool | None]]) -> str:
    lines = [
        f"<div><dt><code>{_e(name)}</code>{'' if place is None else f' in {place}'}"
        f"{', required' if required else ''}</dt>"
        f"<dd>{_kind(schema)}{f'. {_prose(words)}' if words else ''}</dd></div>"
        for name, place, schema, words, required in rows
    ]
    return f"<dl>{''.join(lines)}</dl>" if lines else ""


def _kind(schema: Json) -> str:
    """Return what a value is, as a part of a sentence."""
    if "$ref" in schema:
        name = _e(_name(schema))
        return f'<a href="#{name}">{name}</a>'
    if "oneOf" in schema:
        return " or ".join(map(_kind, schema["oneOf"]))
    if "enum" in schema:
        return "one of " + ", ".join(f"<code>{_e(str(each))}</code>" for each in schema["enum"])
    kinds = schema.get("type", "anything")
    words = _e(kinds if isinstance(kinds, str) else " or ".join(kinds))
    if "items" in schema:
        words += f" of {_kind(schema['items'])}"
    return ", ".join((words, *map(_e, _limits(schema))))


def _limits(schema: Json) -> Iterator[str]:
    for name, sentence in _LIMITS.items():
        if name in schema:
            yield sentence.format(schema[name])


def _name(schema: Json) -> str:
    return str(schema["$ref"]).removeprefix(_SCHEMAS)


def _part(title: str, content: str) -> str:
    return f"<h4>{title}</h4>{content}" if content else ""


def _list(items: Iterable[str]) -> str:
    joined = "".join(items)
    return f"<ul>{joined}</ul>" if joined else ""


def _prose(text: str) -> str:
    """Return a text, with what stands in backticks as code."""
    parts = _e(" ".join(text.split())).split("`")
    return "".join(f"<code>{it}</code>" if odd % 2 else it for odd, it in enumerate(parts))


_e: Callable[[str], str] = html.escape
