"""Types of Arrow, pandas, polars and numpy that the published Vineyard client alone cannot store or cannot read back."""

from .making import make_global_dataframe, make_global_tensor
from .register import register
from .wholes import Collection, GlobalDataFrame, GlobalTensor, get_whole

__all__ = [
    "register", "make_global_tensor", "make_global_dataframe", "get_whole", "GlobalTensor", "GlobalDataFrame", "Collection",
]
__version__ = "0.1.0"
