"""A trace as HTML, for a notebook. Everything in it is escaped."""

from __future__ import annotations

from html import escape

from cistrace.io.terminal import printable
from cistrace.traces.text import render_step
from cistrace.traces.trace import Trace


def trace_html(trace: Trace) -> str:
    """Numbered steps, and the level where there is one."""
    steps = "".join(f"<li>{escape(printable(render_step(step)))}</li>" for step in trace.steps)
    level = "" if trace.level is None else f"<p>Level {trace.level}</p>"
    return f"<div><ol>{steps}</ol>{level}</div>"
