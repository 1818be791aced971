//! The console: state, message, update, view, keymap, theme. No I/O but the terminal.
