//! Renders a position: one document model to HTML, CSV, JSON and Markdown.
