"""Structured logs on stderr: JSON for machines, columns for a terminal."""

from __future__ import annotations

import logging
import sys
from typing import Literal, TextIO

import structlog

LogFormat = Literal["json", "console"]
Logger = structlog.typing.FilteringBoundLogger


def make_logger(
    log_format: LogFormat = "json", level: str = "info", stream: TextIO | None = None, **context: object
) -> Logger:
    """A logger writing to `stream` (stderr by default), every line carrying `context`."""
    out = stream or sys.stderr
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=out.isatty())
    )
    logger: Logger = structlog.wrap_logger(
        structlog.PrintLogger(file=out),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
    ).bind(**context)
    return logger
