//! A connection whose caller takes what is answered in time, or is dropped.
//!
//! hyper bounds the time that a request's head takes, and leaves that of writing to the connection below it: a caller who
//! asks and does not read would hold an answer, its connection and its memory for as long as it likes.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A connection that fails once something waited longer than `patience` to be taken whole. Reading a byte now and then
/// gains a caller no time: it starts when the caller first falls behind, and ends when all that was written is taken.
#[derive(Debug)]
pub struct Impatient<S> {
    stream: S,
    patience: Duration,
    behind: Option<Pin<Box<Sleep>>>,
}

impl<S> Impatient<S> {
    /// `stream`, with a limit on how long its caller may be behind.
    pub const fn new(stream: S, patience: Duration) -> Self {
        Impatient { stream, patience, behind: None }
    }

    /// What became of a write, unless the caller was behind for too long.
    fn judge<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_pending() && self.behind.is_none() {
            self.behind = Some(Box::pin(sleep(self.patience)));
        }
        let is_over = self.behind.as_mut().is_some_and(|end| end.as_mut().poll(context).is_ready());
        if is_over {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the caller does not take its answer")));
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Impatient<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Impatient<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.judge(context, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, parts);
        this.judge(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper flushes once it has nothing left to write: then the caller has caught up.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(context);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            this.behind = None;
        }
        this.judge(context, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn who_reads_a_byte_now_and_then_gains_no_time() {
        let (near, mut far) = duplex(8);
        let mut near = Impatient::new(near, Duration::from_millis(20));
        let reading = tokio::spawn(async move {
            let mut taken = 0_usize;
            while far.read(&mut [0]).await.is_ok_and(|count| count > 0) {
                taken += 1;
                yield_now().await;
            }
            taken
        });
        // More than anybody reads byte by byte in that time.
        let answer = vec![7; 50_000_000];
        let refused = near.write_all(&answer).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::TimedOut);
        drop(near);
        let taken = reading.await.unwrap();
        assert!((9..answer.len()).contains(&taken), "it was read all the while: {taken} bytes");
    }

    #[tokio::test]
    async fn who_has_taken_all_of_it_is_behind_no_more() {
        let (near, mut far) = duplex(8);
        let mut near = Impatient::new(near, Duration::from_secs(60));
        let mut taken = [0; 12];
        let (written, read) = tokio::join!(near.write_all(&[7; 20]), far.read_exact(&mut taken));
        assert!(written.is_ok() && read.is_ok());
        assert!(near.behind.is_some());
        near.flush().await.unwrap();
        assert!(near.behind.is_none());
    }
}
