"""Types of Arrow, pandas, polars and numpy that the published Vineyard client alone cannot store or cannot read back."""

from .maps import NewMap
from .register import register

__all__ = ["NewMap", "register"]
__version__ = "0.1.0"
