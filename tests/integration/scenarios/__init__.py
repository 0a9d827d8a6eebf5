"""What is asked of the brokers; one file for each part of the protocol. Importing this registers all of them."""

from . import admin, configs, effects, fetch, malformed, metadata, offsets, old_formats, produce, state  # noqa: F401
from .on_purpose import ON_PURPOSE  # noqa: F401
