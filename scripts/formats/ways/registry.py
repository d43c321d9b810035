"""The ways in which pairs are written."""

# Each: its name, the function that writes the pairs, flags of `kd prepare`, and the program that it needs.
WAYS = []


def way(name, *flags, needs=None):
    """Registers a function that writes the pairs into a folder and may return the path to read."""

    def register(write):
        WAYS.append((name, write, flags, needs))
        return write

    return register
