"""What can go wrong, in sentences for whoever is at the Pi or deploys."""


class HostError(Exception):
    """Something that cannot be done; the text says why, and what to do."""


class ReleaseError(HostError):
    """It is about a release."""


class EngineError(ReleaseError):
    """The Docker engine refuses, or does not answer."""


class ArchiveError(HostError):
    """It is about an archive of a backup."""
