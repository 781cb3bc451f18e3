"""The live view: samples of a question (sampling, pace), what a person has chosen (view, columns),
both as lines of text (frame), and the terminal (screen), the only part that needs the extra `top`.
"""
