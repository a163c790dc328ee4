"""The appliance on an MQTT broker, among others and for Home Assistant. See docs/mqtt.md."""
