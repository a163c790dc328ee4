"""A pack of 15 lines, and an example for it."""

POWER = """\
[pack]
name = "power"
about = "What the house uses now"
[settings.host]
about = "Address of the meter"
[sources.meter]
url = "http://{host}/status.json"
every = 5
[values]
watts = "meter.power.now"
[layout]
kind = "number"
text = "{{ watts }} W"
label = "House"
bars = "meter.history[-24:]"
"""
EXAMPLE = """\
[example]
meter = {power = {now = 412}, history = [300, 350, 412]}
settings = {host = "192.0.2.7"}
"""
