"""What is asked of the brokers; one file for each part of the protocol. Importing this registers all of them."""

from . import admin, configs, dynamic, effects, fetch, group_answers, groups, listeners  # noqa: F401
from . import malformed, metadata, offsets, old_formats, produce, state, transactions  # noqa: F401
from .on_purpose import ON_PURPOSE  # noqa: F401
