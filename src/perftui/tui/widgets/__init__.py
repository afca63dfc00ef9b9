"""What the live screens are made of: pure drawings of numbers, and the one widget that puts them on the terminal."""
