"""Arrow and pandas types for the published Vineyard client that it cannot store, or cannot read back, by itself."""

from .register import register

__all__ = ["register"]
__version__ = "0.1.0"
