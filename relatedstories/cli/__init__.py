"""The command line: one module a command, on options.py, source.py and console.py, which they share; app.py runs them."""
