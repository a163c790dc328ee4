"""What the controllers of films 230 and 231 (COG 2) have in common: how they start.

Register numbers and values are those of Pervasive Displays' timing documents for this chip;
order and times are checked against the transcripts of the reference.
"""

from epdfuse.controllers.base import DARK, MILLISECOND, RESET_PULSE, wait_until_ready
from epdfuse.controllers.encoding import Column
from epdfuse.hardware.bus import (
    READ_CHIP_ID,
    REGISTER_INDEX,
    REGISTER_READ,
    Bus,
    Send,
    Wait,
    play,
    register,
)
from epdfuse.panel.spec import DcFailedError, PanelBrokenError, UnsupportedCogError

ODD_PIXELS = Column(((6, 4, 2, 0),), backwards=True)
"""Pixels are counted from 1 along the row; the odd ones are wired from the right."""
EVEN_PIXELS = Column(((1, 3, 5, 7),))

OUTPUT_ENABLE, LATCH, POWER_SETTING, PUMPS, OSCILLATOR = 0x02, 0x03, 0x04, 0x05, 0x07
CHANNELS, POWER_MODE, VCOM_LEVEL, LINE_DATA, POWER_SAVING, STATUS = (
    0x01, 0x08, 0x09, 0x0A, 0x0B, 0x0F,
)  # fmt: skip

LINE_OUT = register(OUTPUT_ENABLE, 0x07)
SELECT_LINE_DATA = Send(bytes([REGISTER_INDEX, LINE_DATA]))

_POWER_UP = (*DARK, Wait(5 * MILLISECOND), *RESET_PULSE)
_CONFIGURE = (
    *register(OSCILLATOR, 0xD1),
    *register(POWER_MODE, 0x02),
    *register(VCOM_LEVEL, 0xC2),
    *register(POWER_SETTING, 0x03),
    *register(LATCH, 0x01),
    *register(LATCH, 0x00),
    Wait(5 * MILLISECOND),
)
_START_PUMPS = (
    *register(PUMPS, 0x01),
    Wait(240 * MILLISECOND),
    *register(PUMPS, 0x03),
    Wait(40 * MILLISECOND),
    *register(PUMPS, 0x0F),
    Wait(40 * MILLISECOND),
)
_PUMP_ATTEMPTS = 4

_COG_ID, _COG_ID_MASK = 0x02, 0x0F
_NOBODY = (0x00, 0xFF)
"""What is read where no chip answers: the line low, or pulled up."""
_GLASS_WHOLE, _VOLTAGE_REACHED = 0x80, 0x40


def identify(bus: Bus, busy_timeout: float) -> None:
    """Power the chip up with its outputs off.

    Raises:
        BusyTimeoutError: it does not become ready.
        UnsupportedCogError: another chip answers, or none.
        PanelBrokenError: the wire around the glass is broken.
    """
    play(bus, _POWER_UP)
    wait_until_ready(bus, busy_timeout)
    _check_chip_id(bus)
    play(bus, register(OUTPUT_ENABLE, 0x40))
    if not read_status(bus) & _GLASS_WHOLE:
        raise PanelBrokenError("the controller reports that the glass is broken")


def start(bus: Bus, channel_select: bytes) -> None:
    """Configure the chip and start its charge pumps.

    Raises:
        DcFailedError: the pumps did not reach their voltage in four attempts.
    """
    play(bus, (*register(POWER_SAVING, 0x02), *register(CHANNELS, *channel_select)))
    play(bus, _CONFIGURE)
    if not any(_pumps_started(bus) for _ in range(_PUMP_ATTEMPTS)):
        raise DcFailedError("the charge pumps of the panel do not reach their voltage")


def read_status(bus: Bus) -> int:
    """Read the register that holds breakage and voltage."""
    bus.send(bytes([REGISTER_INDEX, STATUS]))
    return bus.transfer(bytes([REGISTER_READ, 0]))[1]


def voltage_reached(bus: Bus) -> bool:
    """See if the charge pumps have their voltage."""
    return bool(read_status(bus) & _VOLTAGE_REACHED)


def _check_chip_id(bus: Bus) -> None:
    for _ in range(2):  # the first answer after a reset is not valid
        chip_id = bus.transfer(bytes([READ_CHIP_ID, 0]))[1]
    if chip_id & _COG_ID_MASK != _COG_ID:
        raise UnsupportedCogError(f"the controller {_what_it_may_be(chip_id)}")


def _what_it_may_be(chip_id: int) -> str:
    """Say what an identity means that is not that of COG 2; it is the same for all sizes."""
    if chip_id in _NOBODY:
        return (
            f"gives no identity (0x{chip_id:02x}); is the panel connected, its cable seated, and"
            " is it none of film 110, whose chip gives none?"
        )
    return (
        f"has the identity 0x{chip_id:02x}, which is not that of films 230 and 231"
        f" (0x{_COG_ID:02x}); is the panel of another film or make?"
    )


def _pumps_started(bus: Bus) -> bool:
    play(bus, _START_PUMPS)
    return voltage_reached(bus)
