"""A model of the controller and its glass, behind the bus.

It knows nothing of the driver's tables: wiring, registers and physics are written down here a
second time, the other way round, so driver and model prove each other.
"""

from epdfuse.simulator.model.bus import Health, ModelBus, Observation

__all__ = ["Health", "ModelBus", "Observation"]
