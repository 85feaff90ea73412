"""One log, on standard error: ours, Twisted's and every library's; JSON lines, or readable on a terminal."""

import logging
import os
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog
from twisted.logger import STDLibLogObserver, globalLogBeginner

Event = MutableMapping[str, Any]
Form = Literal["auto", "json", "text"]


def configure(level: str = "info", form: Form = "auto") -> None:
    """Sets the process's log up; `auto` is text on a terminal and JSON elsewhere."""
    text = form == "text" or (form == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=not text),
    ]
    # Never with the values of local variables, which is a choice of structlog's on a terminal: one is a password.
    last: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)]
        if text
        else [_arrange, structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def adopt_twisted() -> None:
    """Twisted's own messages, from warnings up, go the same way. Once a process."""
    logging.getLogger("twisted").setLevel(max(logging.WARNING, logging.getLogger().level))
    globalLogBeginner.beginLoggingTo([STDLibLogObserver("twisted")], redirectStandardIO=False, discardBuffer=True)


def _arrange(_logger: Any, _name: str, event: Event) -> Event:
    """What all lines have comes first, in one order."""
    first = {"time": event.pop("timestamp"), "level": event.pop("level"), "process": os.getpid()}
    return {**first, "event": event.pop("event"), **event}
