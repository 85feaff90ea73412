"""Configuration: which settings there are, how they are read, and how they are put to use at the start."""

from mailaccess.config.settings import Endpoint, Network, Settings
from mailaccess.config.source import ConfigError, Configuration, load

__all__ = ["ConfigError", "Configuration", "Endpoint", "Network", "Settings", "load"]
