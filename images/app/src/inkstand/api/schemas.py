"""Classes that say once what goes over the wire: read, written and described by what they declare.

The type of a field is its schema. `Annotated` adds keywords of JSON Schema to it, by a
Rule, which may also read values in a way of its own. Pure.

Without `from __future__ import annotations`, like all modules that declare something: the types of
the fields are read when it runs.
"""

import dataclasses
import enum
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

from inkstand.errors import InvalidValueError

Schema = dict[str, Any]
Reader = Callable[[str, Any, "Limits"], Any]
_LONGEST_QUOTE = 60
_DIGITS = re.compile(r"[0-9]{1,19}")
_PLAIN: dict[object, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    datetime: {"type": "string", "format": "date-time"},
}


_AS_IT_IS = (str, int, float, type(None))


class Request:
    """A body or a query; a field without a default has to be there."""

    others_are_ignored: ClassVar[bool] = False


R = TypeVar("R", bound=Request)


@dataclass(frozen=True, slots=True)
class Limits:
    """What values may be just now: characters of a text, and the time (aware)."""

    longest: int
    now: datetime


class Rule:
    """Keywords of JSON Schema that are added to those of a type.

    With `read` they are the whole schema, and it reads the value: it is given the name, what was
    sent, and the limits.
    """

    def __init__(self, read: Reader | None = None, **schema: Any) -> None:
        self.read = read
        self.schema = schema


Count = Annotated[int, Rule(minimum=0)]
Number = Annotated[int, Rule(minimum=1)]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Problem details of RFC 9457."""

    type: str
    title: str
    status: Annotated[int, Rule(minimum=400, maximum=599)]
    detail: Annotated[str, Rule(description="One sentence for people.")]
    code: Annotated[str, Rule(description="For programs; it never changes.")]


@dataclass(frozen=True, slots=True)
class _Hint:
    """What a type says; `members` are what is to be chosen from, none if it is no choice."""

    base: Any
    nullable: bool
    rule: Rule
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    hint: _Hint
    default: Any

    @property
    def required(self) -> bool:
        return self.default is dataclasses.MISSING


# What each class declares, once it was asked for.
_FIELDS: dict[type, tuple[_Field, ...]] = {}


def read(kind: type[R], values: Mapping[str, Any], limits: Limits) -> R:
    """Return the request that JSON or a query holds.

    Raises:
        InvalidValueError: a value is missing, unknown, or of the wrong kind.
        RequestError: what the Rule of a field raises.
    """
    if not kind.others_are_ignored:
        refuse_others(values, names(kind))
    found = {}
    for field in _fields(kind):
        if field.name in values or field.required:
            found[field.name] = _value(field, values, limits)
    return kind(**found)


def names(kind: type) -> tuple[str, ...]:
    """Return the names of the fields of a dataclass."""
    return tuple(field.name for field in _fields(kind))


def refuse_others(values: Iterable[str], known: Collection[str]) -> None:
    """Raise InvalidValueError for a name that means nothing here: it may be a typing error."""
    for name in values:
        if name not in known:
            takes = f"known: {', '.join(known)}" if known else "nothing is taken"
            raise InvalidValueError(f"{_quoted(name)} is unknown here; {takes}")


def as_json(value: object) -> Any:
    """Return an answer as JSON has it; a field with a default is left out when it is None."""
    if isinstance(value, _AS_IT_IS):
        return value
    if isinstance(value, datetime):
        return rfc_3339(value)
    if isinstance(value, list):
        return [as_json(each) for each in value]
    if isinstance(value, dict):
        return {name: as_json(each) for name, each in value.items()}
    return {
        field.name: as_json(told)
        for field in _fields(type(value))
        if (told := getattr(value, field.name)) is not None or field.required
    }


def rfc_3339(moment: datetime) -> str:
    """Return an aware time in UTC, to the millisecond."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


class Schemas:
    """Writes JSON Schema; `named` are those that others refer to."""

    def __init__(self, named: dict[str, Schema]) -> None:
        self.named = named

    def ref(self, kind: type) -> Schema:
        """Return a reference to the schema of a dataclass."""
        name = kind.__name__
        if name not in self.named:
            self.named[name] = self._object(kind)
        return {"$ref": f"#/components/schemas/{name}"}

    def parameters(self, kind: type) -> list[Schema]:
        """Return the fields of a dataclass as parameters of a query, which knows no null."""
        return [self._parameter(field) for field in _fields(kind)]

    def _parameter(self, field: _Field) -> Schema:
        schema = self._field(field, null=False)
        # Several values are one, with commas.
        style = {"style": "form", "explode": False} if schema["type"] == "array" else {}
        return {"name": field.name, "in": "query", "schema": schema, **style}

    def _object(self, kind: type) -> Schema:
        fields, asked = _fields(kind), issubclass(kind, Request)
        closed = issubclass(kind, Request) and not kind.others_are_ignored
        return {
            "type": "object",
            "description": kind.__doc__,
            "properties": {f.name: self._field(f, null=asked or f.required) for f in fields},
            "required": [field.name for field in fields if field.required],
            **({"additionalProperties": False} if closed else {}),
        }

    def _field(self, field: _Field, *, null: bool) -> Schema:
        nullable = field.hint.nullable and null
        schema = self._of(dataclasses.replace(field.hint, nullable=nullable))
        if field.required or field.default in (None, ""):
            return schema
        return {**schema, "default": field.default}

    def _of(self, hint: _Hint) -> Schema:
        schema = {**({} if hint.rule.read else self._base(hint)), **hint.rule.schema}
        if not hint.nullable:
            return schema
        if "type" in schema and "enum" not in schema:
            return {**schema, "type": [schema["type"], "null"]}
        return {"oneOf": [schema, {"type": "null"}]}

    def _base(self, hint: _Hint) -> Schema:
        if hint.members:
            return {"type": "string", "enum": list(hint.members)}
        if get_origin(hint.base) is list:
            return {"type": "array", "items": self._of(_hint(*get_args(hint.base)))}
        if get_origin(hint.base) is dict:
            keys, values = map(_hint, get_args(hint.base))
            properties = {name: self._of(values) for name in keys.members}
            return {"type": "object", "properties": properties, "required": list(properties)}
        if isinstance(hint.base, type) and dataclasses.is_dataclass(hint.base):
            return self.ref(hint.base)
        return _PLAIN[hint.base]


def _whole(name: str, value: object, low: int, high: int) -> int:
    """Return the whole number that `value` is, or is the text of.

    Raises:
        InvalidValueError: it is none from `low` to `high`.
    """
    number = int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value
    if isinstance(number, float) and number.is_integer():
        number = int(number)  # JSON does not tell 5 from 5.0
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
        limits = f"a whole number from {low} to {high}"
        raise InvalidValueError(f"{name} has to be {limits}, not {_quoted(value)}")
    return number


def one_of(name: str, value: object, members: Collection[str]) -> str:
    """Return the one of `members` that `value` names.

    Raises:
        InvalidValueError: it names none.
    """
    for member in members:
        if member == value:
            return member
    raise InvalidValueError(f"{name} has to be {' or '.join(members)}, not {_quoted(value)}")


def _value(field: _Field, values: Mapping[str, Any], limits: Limits) -> Any:
    hint, schema = field.hint, field.hint.rule.schema
    # Where null means something, what is missing has to be something else.
    value = values.get(field.name, "" if hint.nullable else None)
    if value is None and hint.nullable:
        return None
    if hint.rule.read is not None:
        return hint.rule.read(field.name, value, limits)
    if hint.members:
        return one_of(field.name, value, hint.members)
    if hint.base is bool:
        return _flag(field.name, value)
    if hint.base is int:
        return _whole(field.name, value, schema["minimum"], schema["maximum"])
    return _text(field.name, value, schema.get("maxLength"))


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidValueError(f"{name} has to be true or false, not {_quoted(value)}")
    return value


def _text(name: str, value: object, longest: int | None) -> str:
    if not isinstance(value, str):
        raise InvalidValueError(f"{name} has to be a string")
    if longest is not None and len(value) > longest:
        raise InvalidValueError(f"{name} has to have at most {longest} characters")
    return value


def _hint(hint: Any) -> _Hint:
    nullable, rule = False, Rule()
    while get_origin(hint) in (Annotated, Union, UnionType):
        first, second = get_args(hint)
        if get_origin(hint) is Annotated:
            rule = second
        else:
            nullable = True
        hint = first
    is_choice = isinstance(hint, enum.EnumType) or get_origin(hint) is Literal
    return _Hint(hint, nullable, rule, (get_args(hint) or tuple(hint)) if is_choice else ())


def _fields(kind: Any) -> tuple[_Field, ...]:
    if kind not in _FIELDS:
        fields = dataclasses.fields(kind)
        _FIELDS[kind] = tuple(_Field(each.name, _hint(each.type), each.default) for each in fields)
    return _FIELDS[kind]


def _quoted(value: object) -> str:
    """Return what the client sent, short enough for one sentence."""
    text = json.dumps(value)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"
