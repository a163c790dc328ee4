"""What can go wrong, in sentences for whoever deploys."""


class ReleaseError(Exception):
    """Something that cannot be done; the text says why, and what to do."""


class EngineError(ReleaseError):
    """The Docker engine refuses, or does not answer."""
