//! The command line: headless commands, text, JSON, Markdown, exit codes.
