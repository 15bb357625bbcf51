"""Lists as lists: the client gives them as tuples, which it stores the same way."""

from vineyard._C import Object, ObjectID, ObjectMeta

from . import contexts

# Marks the sequence that is a list; other readers do not look at it.
_LIST = "is_list_"


def build_list(client, items, builder, **_):
    """Stores a list of values of any types, and of objects that are stored already."""
    meta = ObjectMeta()
    meta["typename"] = "vineyard::Sequence"
    meta["size_"] = meta["__elements_-size"] = len(items)
    meta[_LIST] = 1
    for at, item in enumerate(items):
        is_stored = isinstance(item, (ObjectID, Object, ObjectMeta))
        meta.add_member(f"__elements_-{at}", item if is_stored else builder.run(client, item))
    return client.create_metadata(meta)


def register(builders, resolvers):
    """Enters lists; tuples are left to the client."""
    left = contexts.left(resolvers._factory, "vineyard::Sequence")

    def resolve(obj, resolver):
        items = left(obj, resolver)
        return list(items) if obj.meta.get(_LIST, False) else items

    builders.register(list, build_list)
    resolvers.register("vineyard::Sequence", contexts.over(resolvers._factory, "vineyard::Sequence", resolve))
