"""Types of Arrow, pandas, polars and numpy that the published Vineyard client alone cannot store or cannot read back."""

from .csr import CsrGraph
from .labels import VertexMap
from .maps import NewMap
from .register import register

__all__ = ["CsrGraph", "NewMap", "VertexMap", "register"]
__version__ = "0.1.0"
