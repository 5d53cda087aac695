"""Show: how what a Herald answers looks on a terminal, in a file, and to a program."""
