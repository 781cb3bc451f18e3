SHOWS: dict[str, int]  # each thing that may be shown, and its bit
