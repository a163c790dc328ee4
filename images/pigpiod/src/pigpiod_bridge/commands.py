"""What each command does. A handler returns the result or raises ``Refused`` with a status."""

from collections.abc import Callable
from typing import Final

from pigpiod_bridge.bridge import Bridge
from pigpiod_bridge.lines import GPIO_COUNT, REPORTED_COUNT, LineError, Mode, Pull
from pigpiod_bridge.monitor import Send, Stream
from pigpiod_bridge.wire import PROTOCOL_VERSION, WORD, Command, Request, Status, first_word

MAX_STEADY: Final = 300_000
MAX_ACTIVE: Final = 1_000_000
MAX_WATCHDOG: Final = 60_000


class Refused(Exception):  # noqa: N818 a refusal is an answer, no error of ours
    """The answer is ``status``."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.name)
        self.status = status


class Session:
    """One connection: it may ask, and it may become one report stream.

    Args:
        bridge: what all sessions share.
        send: takes the bytes of a report; must not block.
    """

    def __init__(self, bridge: Bridge, send: Send) -> None:
        self.bridge = bridge
        self._send = send
        self._stream: Stream | None = None

    def answer(self, request: Request) -> int:
        """Does what is asked and returns the result, an i32 or u32."""
        handler = _HANDLERS.get(request.command)
        if handler is None:
            return Status.UNKNOWN_COMMAND
        try:
            return handler(self, request)
        except Refused as refused:
            return refused.status
        except LineError:
            return Status.NOT_PERMITTED

    def open_stream(self) -> int:
        """Returns a handle; a stream opened earlier on this connection is closed."""
        monitor = self.bridge.monitor
        handle = monitor.open(self._send)
        if handle is None:
            raise Refused(Status.NO_HANDLE)
        self.close()
        self._stream = monitor.stream(handle)
        return handle

    def close(self) -> None:
        """Frees the handle; to be called when the connection is gone."""
        if self._stream is not None:
            with self.bridge.changing():
                self.bridge.monitor.close(self._stream)


def _require(truth: bool, status: Status) -> None:
    if not truth:
        raise Refused(status)


def _gpio(request: Request) -> int:
    _require(request.p1 < GPIO_COUNT, Status.BAD_GPIO)
    return request.p1


def _user_gpio(request: Request) -> int:
    _require(request.p1 < REPORTED_COUNT, Status.BAD_USER_GPIO)
    return request.p1


def _changeable_gpio(session: Session, request: Request) -> int:
    gpio = _gpio(request)
    _require(gpio in session.bridge.permitted, Status.NOT_PERMITTED)
    return gpio


def _stream(session: Session, request: Request) -> Stream:
    stream = session.bridge.monitor.stream(request.p1)
    if stream is None:
        raise Refused(Status.BAD_HANDLE)
    return stream


def _modes(session: Session, request: Request) -> int:
    gpio = _changeable_gpio(session, request)
    _require(request.p2 < len(Mode), Status.BAD_MODE)
    session.bridge.lines.set_mode(gpio, Mode(request.p2))
    return Status.OK


def _modeg(session: Session, request: Request) -> int:
    return session.bridge.lines.mode(_gpio(request))


def _pud(session: Session, request: Request) -> int:
    gpio = _changeable_gpio(session, request)
    _require(request.p2 < len(Pull), Status.BAD_PUD)
    session.bridge.lines.set_pull(gpio, Pull(request.p2))
    return Status.OK


def _read(session: Session, request: Request) -> int:
    return session.bridge.lines.read(_gpio(request))


def _write(session: Session, request: Request) -> int:
    gpio = _changeable_gpio(session, request)
    _require(request.p2 <= 1, Status.BAD_LEVEL)
    session.bridge.lines.write(gpio, request.p2)
    return Status.OK


def _wdog(session: Session, request: Request) -> int:
    gpio = _user_gpio(request)
    _require(request.p2 <= MAX_WATCHDOG, Status.BAD_WDOG_TIMEOUT)
    with session.bridge.changing() as now:
        session.bridge.monitor.set_watchdog(gpio, request.p2 * 1000, now)
    return Status.OK


def _br1(session: Session, _request: Request) -> int:
    return session.bridge.lines.levels()


def _tick(session: Session, _request: Request) -> int:
    return session.bridge.now() & WORD


def _hwver(session: Session, _request: Request) -> int:
    return session.bridge.lines.revision


def _nb(session: Session, request: Request) -> int:
    stream = _stream(session, request)
    with session.bridge.changing() as now:
        stream.begin(request.p2, now)
    return Status.OK


def _np(session: Session, request: Request) -> int:
    stream = _stream(session, request)
    with session.bridge.changing():
        stream.mask = 0
    return Status.OK


def _nc(session: Session, request: Request) -> int:
    stream = _stream(session, request)
    with session.bridge.changing():
        session.bridge.monitor.close(stream)
    return Status.OK


def _pigpv(_session: Session, _request: Request) -> int:
    return PROTOCOL_VERSION


def _fg(session: Session, request: Request) -> int:
    gpio, steady = _user_gpio(request), request.p2
    _require(steady <= MAX_STEADY, Status.BAD_FILTER)
    ours = 0 if session.bridge.lines.debounce(gpio, steady) else steady
    with session.bridge.changing() as now:
        session.bridge.monitor.set_glitch_filter(gpio, ours, now)
    return Status.OK


def _fn(session: Session, request: Request) -> int:
    gpio, steady, active = _user_gpio(request), request.p2, first_word(request.extension)
    if active is None or active > MAX_ACTIVE or steady > MAX_STEADY:
        raise Refused(Status.BAD_FILTER)
    with session.bridge.changing() as now:
        session.bridge.monitor.set_noise_filter(gpio, steady, active, now)
    return Status.OK


def _noib(session: Session, _request: Request) -> int:
    return session.open_stream()


def _evm(session: Session, request: Request) -> int:
    # No command here raises events, so there is nothing to remember but that the handle is good.
    _stream(session, request)
    return Status.OK


_HANDLERS: Final[dict[int, Callable[[Session, Request], int]]] = {
    Command.MODES: _modes,
    Command.MODEG: _modeg,
    Command.PUD: _pud,
    Command.READ: _read,
    Command.WRITE: _write,
    Command.WDOG: _wdog,
    Command.BR1: _br1,
    Command.TICK: _tick,
    Command.HWVER: _hwver,
    Command.NB: _nb,
    Command.NP: _np,
    Command.NC: _nc,
    Command.PIGPV: _pigpv,
    Command.FG: _fg,
    Command.FN: _fn,
    Command.NOIB: _noib,
    Command.EVM: _evm,
}
