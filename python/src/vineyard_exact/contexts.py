"""What the client's contexts hold besides this package."""


def left(factory, key):
    """What serves a type without this package, however often it was registered; None if nothing does."""
    found = factory.get(key)
    return getattr(found, "left", found)


def over(factory, key, function):
    """Marks a function that stands before what serves a type so far, so that `left` finds that one."""
    function.left = left(factory, key)
    return function
