"""What an appliance is called on a broker: all topics of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

# What is sent, beside the names of screens and gestures.
PLAYLIST, ON, OFF = "playlist", "ON", "OFF"
_ROOT = "inkstand"
# What others say of themselves.
_OF_OTHERS = ("state", "availability")


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of the appliance `name`, which is in `groups`.

    Home Assistant reads below `discovery` what there is, and says there when it has started; "": it
    is not told.
    """

    name: str
    groups: tuple[str, ...] = ()
    discovery: str = ""

    @property
    def availability(self) -> str:
        """Whether it is there: ONLINE or OFFLINE, retained."""
        return f"{_ROOT}/{self.name}/availability"

    @property
    def state(self) -> str:
        """How it is, as JSON, retained."""
        return f"{_ROOT}/{self.name}/state"

    @property
    def picture(self) -> str:
        """What is on the glass, as PNG, retained."""
        return f"{_ROOT}/{self.name}/picture"

    @property
    def button_event(self) -> str:
        """That somebody used the button, as JSON."""
        return f"{_ROOT}/{self.name}/event/button"

    @property
    def message_event(self) -> str:
        """What happened to a message, as JSON."""
        return f"{_ROOT}/{self.name}/event/message"

    @property
    def press(self) -> str:
        """Where others press the button: the gesture."""
        return f"{_ROOT}/{self.name}/press"

    @property
    def screen(self) -> str:
        """Where others choose the screen that stays, or PLAYLIST."""
        return f"{_ROOT}/{self.name}/screen"

    @property
    def quiet(self) -> str:
        """Where others switch the quiet ON or OFF."""
        return f"{_ROOT}/{self.name}/quiet"

    @property
    def refresh(self) -> str:
        """Where others have all of the glass refreshed, by whatever they send."""
        return f"{_ROOT}/{self.name}/refresh"

    @property
    def message(self) -> str:
        """Where others send what is to be shown: text, or JSON."""
        return f"{_ROOT}/{self.name}/message"

    @property
    def group_messages(self) -> tuple[str, ...]:
        """The same for all of a group."""
        return tuple(map(self.group_message, self.groups))

    @staticmethod
    def group_message(group: str) -> str:
        """The same for all of that group."""
        return f"{_ROOT}/group/{group}/message"

    @property
    def neighbours(self) -> tuple[str, ...]:
        """What all appliances say of themselves."""
        return tuple(f"{_ROOT}/+/{what}" for what in _OF_OTHERS)

    @staticmethod
    def neighbour(topic: str) -> tuple[str, str] | None:
        """Return whose topic it is of those, and what is told there; None: it is another one."""
        match topic.split("/"):
            case [root, name, what] if root == _ROOT and what in _OF_OTHERS:
                return name, what
        return None

    @property
    def config(self) -> str:
        """Where Home Assistant reads what there is."""
        return f"{self.discovery}/device/{_ROOT}_{self.name}/config"

    @property
    def birth(self) -> str:
        """Where Home Assistant says that it has started."""
        return f"{self.discovery}/status"

    @property
    def read(self) -> tuple[str, ...]:
        """All that it listens to."""
        home = (self.birth,) if self.discovery else ()
        commands = (self.press, self.screen, self.quiet, self.refresh)
        return (self.message, *self.group_messages, *commands, *home)
