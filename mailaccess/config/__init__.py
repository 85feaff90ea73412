"""Configuration: which settings there are (`settings`), how they are read (`source`) and first used (`applying`)."""

from mailaccess.config.settings import Endpoint, Network, Settings
from mailaccess.config.source import ConfigError, Configuration, load

__all__ = ["ConfigError", "Configuration", "Endpoint", "Network", "Settings", "load"]
