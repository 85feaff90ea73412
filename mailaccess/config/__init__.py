"""Configuration: which settings there are, and how they are read."""

from mailaccess.config.settings import Endpoint, Network, Settings
from mailaccess.config.source import ConfigError, Configuration, load

__all__ = ["ConfigError", "Configuration", "Endpoint", "Network", "Settings", "load"]
