"""The same screens in a browser: textual-serve carries them, a guard before it says who may come in."""
