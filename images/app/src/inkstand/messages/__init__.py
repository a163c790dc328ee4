"""Messages: what they are, how they change, which of them is on the glass, where they are kept."""

from inkstand.messages.model import Draft, Message, Priority, State, fingerprint

__all__ = ["Draft", "Message", "Priority", "State", "fingerprint"]
