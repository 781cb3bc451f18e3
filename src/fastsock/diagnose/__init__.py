"""Why connections hang: full backlogs and SYN cookies, half-open connections, leaks, differences.

Each is a question to the verbs of the conductor, and an answer with the numbers that it rests on.
"""
