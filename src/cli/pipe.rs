//! Writing to a pipe that the reader may close (`trueup diff | head`): the rest is dropped and nothing is said.

use std::io::{self, ErrorKind, Write};

/// A writer that takes a closed pipe for the end of what is wanted.
#[derive(Debug)]
pub struct Pipe<W> {
    inner: W,
    is_closed: bool,
}

impl<W: Write> Pipe<W> {
    /// Writes to `inner` until its reader is gone.
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            is_closed: false,
        }
    }

    /// Whether the reader is gone, so that nothing more need be made.
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    fn settle<T>(&mut self, result: io::Result<T>, dropped: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(dropped)
            }
            result => result,
        }
    }
}

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_closed {
            return Ok(bytes.len());
        }
        let result = self.inner.write(bytes);
        self.settle(result, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_closed {
            return Ok(());
        }
        let result = self.inner.flush();
        self.settle(result, ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Closes(usize, ErrorKind);

    impl Write for Closes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(self.1.into());
            }
            self.0 -= 1;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            self.write(&[]).map(|_| ())
        }
    }

    #[test]
    fn a_closed_pipe_is_the_end_and_no_error() {
        let mut pipe = Pipe::new(Closes(1, ErrorKind::BrokenPipe));
        assert!(pipe.write_all(b"one").is_ok());
        assert!(!pipe.is_closed());
        assert!(pipe.write_all(b"two").is_ok());
        assert!(pipe.is_closed());
        assert!(pipe.write_all(b"three").is_ok() && pipe.flush().is_ok());
    }

    #[test]
    fn another_error_is_one() {
        let mut pipe = Pipe::new(Closes(0, ErrorKind::StorageFull));
        assert!(pipe.write_all(b"one").is_err());
    }
}
