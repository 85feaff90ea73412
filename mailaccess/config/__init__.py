"""Configuration: which settings there are, how they are read, and how they are put to use at the start.

settings      every key, its default and what it may hold
source        reads the file and the environment, and knows where each value came from
applying      whom to become, which backend to ask; `certificates`, and `grants` of quota
"""

from mailaccess.config.settings import Endpoint, Network, Settings
from mailaccess.config.source import ConfigError, Configuration, load

__all__ = ["ConfigError", "Configuration", "Endpoint", "Network", "Settings", "load"]
