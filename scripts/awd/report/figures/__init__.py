"""Figures of a run, a module a theme: functions of data that return a ``Figure``.

Each has a companion ``..._table`` that returns the drawn numbers, and
:func:`awd.report.style.save` writes both side by side. None touches a file or pyplot's
state, and a role of a method has one colour in all of them.
"""

from awd import lazily

__getattr__, __dir__ = lazily(__name__, __path__, {})
