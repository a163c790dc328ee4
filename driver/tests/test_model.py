"""Driver and model prove each other: what one encodes, the other decodes."""

from collections.abc import Callable
from functools import partial as bind
from random import Random
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epdfuse.controllers import Controller, create_controller
from epdfuse.panel.spec import FILMS, PanelError, PanelSpec, panel_spec
from epdfuse.simulator.model import ModelBus, Observation

pytestmark = pytest.mark.contract

SPECS = [panel_spec(size, film) for film in FILMS for size in FILMS[film].sizes]
FOUR_STAGES = [spec for spec in SPECS if spec.film.partial]

every_panel = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.description)
Operation = Callable[[Controller], None]
Request = tuple[PanelSpec, int, int]
AnyModel = TypeVar("AnyModel", bound=ModelBus)


def frame(spec: PanelSpec, seed: int) -> bytes:
    """White, black, stripes, then noise."""
    plain = [0x00, 0xFF, 0x55]
    if seed < len(plain):
        return bytes([plain[seed]]) * spec.frame_bytes
    return Random(seed).randbytes(spec.frame_bytes)


def requests(specs: list[PanelSpec]) -> st.SearchStrategy[Request]:
    """Panels with an old and a new image, given by their seeds so failures are readable."""
    return st.tuples(st.sampled_from(specs), st.integers(0, 99), st.integers(0, 99))


def frames(request: Request) -> tuple[PanelSpec, bytes, bytes]:
    spec, old, new = request
    return spec, frame(spec, old), frame(spec, new)


def pixels(frame: bytes) -> str:
    """The pixels of a frame from left to right, 1 = black."""
    return "".join(f"{byte:08b}"[::-1] for byte in frame)


def showing(spec: PanelSpec, frame: bytes, bus: AnyModel) -> AnyModel:
    bits = pixels(frame)
    bus.glass.show(bytes(0 if bit == "1" else 255 for bit in bits))
    return bus


def run(controller: Controller, operation: Operation) -> str:
    """Do one whole sequence; what `error` would read."""
    try:
        controller.begin()
        operation(controller)
        controller.end()
    except PanelError as error:
        return error.error_text
    return "OK"


def updating(old: bytes, new: bytes) -> Operation:
    return lambda controller: controller.update(old, new)


def partially(old: bytes, new: bytes) -> Operation:
    return lambda controller: controller.partial(old, new)


def observe(bus: ModelBus, operation: Operation) -> tuple[str, Observation]:
    return run(create_controller(bus.spec, bus), operation), bus.observation


@given(requests(SPECS))
@settings(deadline=None, max_examples=25)
def test_every_update_is_decoded_to_exactly_the_new_image(request: Request) -> None:
    spec, old, new = frames(request)
    status, seen = observe(showing(spec, old, ModelBus(spec)), updating(old, new))
    assert (status, seen.image, seen.complaints) == ("OK", new, ())
    assert len(set(seen.pulses)) == 1


@given(requests(SPECS))
@settings(deadline=None, max_examples=25)
def test_every_partial_update_is_decoded_to_exactly_the_new_image(request: Request) -> None:
    spec, old, new = frames(request)
    status, seen = observe(showing(spec, old, ModelBus(spec)), partially(old, new))
    assert (status, seen.image, seen.complaints) == ("OK", new, ())


@given(requests(FOUR_STAGES))
@settings(deadline=None, max_examples=30)
def test_a_full_update_leaves_each_pixel_the_charge_of_its_colour(request: Request) -> None:
    spec, old, new = frames(request)
    _, seen = observe(showing(spec, old, ModelBus(spec)), updating(old, new))
    assert "".join(map(str, seen.charges)) == pixels(new)


@every_panel
def test_clearing_leaves_a_white_glass(spec: PanelSpec) -> None:
    bus = showing(spec, b"\x5a" * spec.frame_bytes, ModelBus(spec))
    status, seen = observe(bus, lambda controller: controller.clear())
    assert (status, seen.image, seen.complaints) == ("OK", spec.white, ())
    assert set(bus.glass.picture) == {255}


class FlippingBus(ModelBus):
    """A model that gets one byte of all that SPI carries changed.

    Args:
        spec: what panel to be.
        at: which byte, counted from the first.
        bits: what is flipped in it.
    """

    def __init__(self, spec: PanelSpec, at: int, bits: int) -> None:
        super().__init__(spec)
        self.sent = 0
        self._at = at
        self._bits = bits

    def send(self, data: bytes) -> None:
        super().send(self._carried(data))

    def transfer(self, data: bytes) -> bytes:
        return super().transfer(self._carried(data))

    def _carried(self, data: bytes) -> bytes:
        place = self._at - self.sent
        self.sent += len(data)
        if not 0 <= place < len(data):
            return data
        return data[:place] + bytes([data[place] ^ self._bits]) + data[place + 1 :]


SMALL = [panel_spec("1.44", 231), panel_spec("1.9", 231), panel_spec("1.44", 110)]
SLOW = [panel_spec("1.44", 230)]
"""Film 230 sends twenty times as many lines, so it gets fewer examples."""


def flip_is_seen(request: Request, where: float, bits: int) -> None:
    spec, old, new = frames(request)
    attempt = bind(flipped, spec, old, new)
    *clean, total = attempt(-1, 0)
    *seen, _ = attempt(int(where * total), bits)
    assert seen != clean


def flipped(
    spec: PanelSpec, old: bytes, new: bytes, at: int, bits: int
) -> tuple[str, Observation, int]:
    bus = showing(spec, old, FlippingBus(spec, at, bits))
    return *observe(bus, updating(old, new)), bus.sent


places = st.floats(0, 1, exclude_max=True)
bits = st.integers(1, 255)


@given(requests(SMALL), places, bits)
@settings(deadline=None, max_examples=60)
def test_one_flipped_byte_is_seen(request: Request, where: float, bits: int) -> None:
    flip_is_seen(request, where, bits)


@given(requests(SMALL), places.map(lambda place: place / 200), bits)
@settings(deadline=None, max_examples=60)
def test_one_flipped_byte_of_the_power_up_is_seen(
    request: Request, where: float, bits: int
) -> None:
    flip_is_seen(request, where, bits)


@given(requests(SLOW), places, bits)
@settings(deadline=None, max_examples=6)
def test_one_flipped_byte_of_film_230_is_seen(request: Request, where: float, bits: int) -> None:
    flip_is_seen(request, where, bits)


LINE_BYTES = 2 + 58 + 2 + 2
"""Of the 1.44 inch panel: line data announced, line data, put out."""


def power_up_bytes(spec: PanelSpec) -> int:
    bus = FlippingBus(spec, -1, 0)
    create_controller(spec, bus).begin()
    return bus.sent


@given(
    requests([panel_spec("1.44")]),
    st.integers(0, 95),
    st.sampled_from([*range(3, 19), *range(43, 59)]),
)
@settings(deadline=None, max_examples=20)
def test_a_flipped_colour_in_the_last_stage_is_on_the_glass(
    request: Request, row: int, pixels: int
) -> None:
    spec, old, new = frames(request)
    line = 3 * spec.height + row
    _, seen, _ = flipped(spec, old, new, power_up_bytes(spec) + line * LINE_BYTES + pixels, 0x01)
    changed = int.from_bytes(seen.image) ^ int.from_bytes(new)
    assert changed.bit_count() == 1


def test_a_wrong_idea_of_the_old_picture_stays_visible_after_a_partial_update() -> None:
    spec = panel_spec("2.7")
    bus = showing(spec, b"\x0f" * spec.frame_bytes, ModelBus(spec))
    observe(bus, partially(spec.white, spec.white))
    assert bus.glass.image == b"\x0f" * spec.frame_bytes
    observe(bus, updating(spec.white, spec.white))
    assert bus.glass.image == spec.white


def test_a_stage_that_is_too_short_leaves_a_grey_ghost() -> None:
    spec = panel_spec("2.7")
    bus = ModelBus(spec)
    black = b"\xff" * spec.frame_bytes
    observe(bus, lambda controller: controller.partial(spec.white, black, 50))
    (shade,) = set(bus.glass.picture)
    assert 32 < shade < 128
    observe(bus, updating(black, black))
    assert set(bus.glass.picture) == {0}


@pytest.mark.parametrize("size", ["1.9", "2.6"])
def test_the_quirk_of_the_reference_drives_pixels_that_did_not_change(size: str) -> None:
    spec = panel_spec(size)
    _, seen = observe(ModelBus(spec), partially(spec.white, spec.white))
    assert set(seen.charges) == {-1}


def test_each_stage_can_be_seen_on_the_glass() -> None:
    spec = panel_spec("1.44")
    old, new = b"\x0f" * spec.frame_bytes, b"\x33" * spec.frame_bytes
    shown: list[bytes] = []
    bus = ModelBus(spec, changed=lambda: shown.append(bus.glass.image))
    run(create_controller(spec, bus), updating(spec.white, old))
    shown.clear()
    run(create_controller(spec, bus), updating(old, new))
    inverse = {frame: bytes(byte ^ 0xFF for byte in frame) for frame in (old, new)}
    assert shown == [inverse[old], spec.white, inverse[new], new]


def test_the_chip_complains_about_what_it_cannot_do() -> None:
    bus = ModelBus(panel_spec("2.7"))
    bus.send(b"\x70\x02")
    create_controller(bus.spec, bus).begin()
    for sent in (b"\x70\x02", b"\x72\x07", b"\x70\x05", b"\x72\x01", b"\x70\x0a", b"\x72\0"):
        bus.send(sent)
    without_power, no_line, restarted, short = bus.observation.complaints
    assert "without power" in without_power
    assert "no line" in no_line
    assert "while they run" in restarted
    assert "1 bytes" in short
