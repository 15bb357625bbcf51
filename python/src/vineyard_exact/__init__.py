"""Types of Arrow, pandas, polars and numpy that the published Vineyard client alone cannot store or cannot read back."""

from .csr import CsrGraph
from .labels import VertexMap
from .making import make_global_dataframe, make_global_tensor
from .maps import NewMap
from .register import register
from .wholes import Collection, GlobalDataFrame, GlobalTensor, get_whole

__all__ = [
    "register", "make_global_dataframe", "make_global_tensor", "get_whole", "Collection", "CsrGraph", "GlobalDataFrame",
    "GlobalTensor", "NewMap", "VertexMap",
]
__version__ = "0.1.0"
