"""From what people already have to a preset: curl commands, HAR recordings, OpenAPI documents, .http files."""
