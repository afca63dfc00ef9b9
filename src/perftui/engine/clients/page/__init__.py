"""Pages as a protocol: a document and what it names."""
