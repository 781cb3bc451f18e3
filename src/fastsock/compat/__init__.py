"""The answers of other programs and libraries, from fastsock's tables."""
