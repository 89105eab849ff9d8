//! Clients.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::app::Order;

/// One request in so many asks for too much.
pub(crate) const GREEDY: usize = 500;

/// How the clients fared.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Of all requests that did not ask for too much, from the shortest to the longest.
    pub(crate) latencies: Vec<Duration>,
    /// Of those that asked for too much: how many were answered all the same.
    pub(crate) granted: usize,
    /// And how many were told that the service is not available.
    pub(crate) refused: usize,
    pub(crate) time: Duration,
}

impl Outcome {
    fn greedy(&self) -> usize {
        self.granted + self.refused
    }

    /// Requests a second.
    pub(crate) fn rate(&self) -> f64 {
        (self.latencies.len() + self.greedy()) as f64 / self.time.as_secs_f64()
    }

    /// The latency that this part of the requests did not exceed.
    pub(crate) fn at(&self, part: f64) -> Duration {
        self.latencies[((self.latencies.len() - 1) as f64 * part) as usize]
    }
}

/// `requests` requests of `clients` clients, which wait for each answer, one of each client's at least. Some are `greedy`, if so wanted.
pub(crate) async fn load(
    server: SocketAddr,
    clients: usize,
    requests: usize,
    greedy: bool,
) -> io::Result<Outcome> {
    let orders = Arc::new(request("POST /orders", &serde_json::to_string(&orders())?));
    let start = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|_| tokio::spawn(client(server, requests / clients, greedy, Arc::clone(&orders))))
        .collect();
    let mut all = Outcome::default();
    for task in tasks {
        let outcome = task.await??;
        all.latencies.extend(outcome.latencies);
        all.granted += outcome.granted;
        all.refused += outcome.refused;
    }
    all.time = start.elapsed();
    all.latencies.sort_unstable();
    Ok(all)
}

async fn client(
    server: SocketAddr,
    requests: usize,
    greedy: bool,
    orders: Arc<String>,
) -> io::Result<Outcome> {
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let too_much = request("GET /greedy", "");
    let mut outcome = Outcome::default();
    for number in 1..=requests {
        let is_greedy = greedy && number % GREEDY == 0;
        let start = Instant::now();
        stream.write_all(if is_greedy { &too_much } else { &orders }.as_bytes()).await?;
        let status = answer(&mut stream).await?;
        match (is_greedy, status) {
            (false, 200) => outcome.latencies.push(start.elapsed()),
            (true, 200) => outcome.granted += 1,
            (true, 503) => outcome.refused += 1,
            _ => return Err(io::Error::other(format!("a request was answered with {status}"))),
        }
    }
    Ok(outcome)
}

fn request(what: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{what} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// Reads an answer to its end and returns its status.
async fn answer(stream: &mut BufReader<TcpStream>) -> io::Result<u16> {
    let broken = || io::Error::new(io::ErrorKind::InvalidData, "that is no answer");
    let (mut status, mut length, mut line) = (None, 0, String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let text = line.trim_end().to_ascii_lowercase();
        match (status, text.strip_prefix("content-length: ")) {
            (None, _) => {
                status = Some(text.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(broken)?)
            }
            (_, Some(number)) => length = number.parse().map_err(|_| broken())?,
            _ if text.is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    status.ok_or_else(broken)
}

/// An ordinary request.
fn orders() -> Vec<Order> {
    let goods =
        |number: usize| (0..number % 7).map(|item| format!("article {}", number * item % 97)).collect();
    let order = |number: usize| Order {
        customer: format!("customer {}", number % 23),
        goods: goods(number),
        cents: number as u64 * 99 % 10_000,
    };
    (0..200).map(order).collect()
}

/// The most memory that this process has had, in KiB.
pub(crate) fn peak() -> usize {
    // SAFETY: zeroes are a value of this type, which consists of integers.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is ours to be written to.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut usage) };
    usage.ru_maxrss as usize
}
