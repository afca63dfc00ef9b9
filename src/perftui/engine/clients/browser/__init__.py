"""What a visitor sees, as a protocol: pages in the Chromium that is installed."""
