"""Entering all types into the client's contexts."""

from vineyard.core.builder import default_builder_context
from vineyard.core.resolver import default_resolver_context

from . import arrays, csr, foreign, frames, graphs, maps, scalars, sequences, tables, tensors, wholes


def register(builders=None, resolvers=None):
    """Teaches the client all types of this package.

    builders, resolvers -- the contexts to enter them into, the client's default ones if not given. What these contexts
    hold for pandas' frames and numpy's arrays serves the values that it stores exactly, so register the client's own
    types first. To register twice changes nothing.
    """
    builders = default_builder_context if builders is None else builders
    resolvers = default_resolver_context if resolvers is None else resolvers
    for part in (arrays, tables, scalars, sequences, tensors, frames, foreign, maps, csr, graphs, wholes):
        part.register(builders, resolvers)
